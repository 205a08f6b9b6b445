(function () {
  "use strict";
  const charts = JSON.parse(document.getElementById("data").textContent);
  const parent = document.getElementById("charts");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const height = 260;
  let plots = [];

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "scientific" });
  const text = value => value == null ? "–"
      : value !== 0 && Math.abs(value) < 0.001 ? small.format(value).toLowerCase() : number.format(value);

  function series(each, index) {
    const stroke = colour("--series-" + each.colour);
    const line = { label: each.name, stroke, width: 2, spanGaps: true, value: (u, value) => text(value), points: { show: false } };
    if (each.style === "FAINT") {
      Object.assign(line, { stroke: stroke + "59", width: 1, spanGaps: false });
    } else if (each.style === "POINTS") {
      Object.assign(line, { dash: [6, 4], points: { show: true, size: 7, fill: stroke, stroke } });
    }
    return line;
  }

  function draw(card, chart) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const options = {
      width: card.clientWidth - 30,
      height,
      cursor: { sync: { key: "steps" }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { distr: chart.logarithmic ? 3 : 1 } },
      axes: [
        Object.assign({ values: (u, ticks) => ticks.map(text) }, axis),
        Object.assign({ size: 64, values: (u, ticks) => ticks.map(tick => tick == null ? "" : text(tick)) }, axis)
      ],
      series: [{ label: "step", value: (u, step) => step == null ? "–" : step.toLocaleString("en") }]
          .concat(chart.series.map(series))
    };
    const plot = new uPlot(options, uPlot.join(chart.series.map(each => [each.steps, each.values])), card);
    plots.push({ card, plot });
  }

  function drawAll() {
    plots.forEach(each => each.plot.destroy());
    plots = [];
    charts.forEach((chart, index) => draw(parent.children[index], chart));
  }

  charts.forEach(chart => {
    const card = document.createElement("div");
    card.className = "card";
    const title = document.createElement("h2");
    title.textContent = chart.title;
    const note = document.createElement("small");
    note.textContent = " " + chart.note;
    title.append(note);
    card.append(title);
    parent.append(card);
  });
  drawAll();
  dark.addEventListener("change", drawAll);
  window.addEventListener("resize", () => plots.forEach(each => each.plot.setSize({ width: each.card.clientWidth - 30, height })));
})();
