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
      : value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e6) ? small.format(value).toLowerCase() : number.format(value);

  // The library's own logarithmic axes fail below 1e-16, so logarithms are plotted, on axes that are linear to it.
  const scaled = (values, logarithmic) => !logarithmic ? values
      : values.map(value => value == null || value <= 0 ? null : Math.log10(value));
  const unscaled = logarithmic => value => text(value == null || !logarithmic ? value : 10 ** value);

  function logarithmicTicks(min, max) {
    const ticks = [];
    const stride = Math.ceil((max - min) / 7);
    const within = max - min > 2.5 ? [1] : max - min > 0.8 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
    for (let decade = Math.floor(min / stride) * stride; decade <= max; decade += stride) {
      within.map(factor => decade + Math.log10(factor)).filter(tick => tick >= min && tick <= max).forEach(tick => ticks.push(tick));
    }
    return ticks;
  }

  // The range of an axis: some room at both ends, and no less than a width.
  function padded(margin, least) {
    return (u, min, max) => {
      if (min == null) {
        return [0, 1];
      }
      const missing = Math.max(0, (max === min ? least || 1 : least) - (max - min)) / 2;
      return [min - missing - margin * (max - min), max + missing + margin * (max - min)];
    };
  }

  function series(each, logarithmic) {
    const stroke = colour("--series-" + each.colour);
    const shown = unscaled(logarithmic);
    const line = { label: each.name, stroke, width: 2, spanGaps: true, value: (u, value) => shown(value), points: { show: false } };
    const points = { show: true, size: 7, fill: stroke, stroke };
    if (each.style === "FAINT") {
      Object.assign(line, { stroke: stroke + "59", width: 1, spanGaps: false });
    } else if (each.style === "POINTS") {
      Object.assign(line, { dash: [6, 4], points });
    } else if (each.style === "SCATTER") {
      Object.assign(line, { paths: () => null, points });
    }
    return line;
  }

  // Where a few sizes were measured, they are the ticks.
  function placesAcross(chart) {
    const places = [...new Set(chart.series.flatMap(each => each.steps))].sort((a, b) => a - b);
    return chart.acrossLogs && places.length <= 10 ? scaled(places, true) : null;
  }

  function draw(card, chart) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const scale = logarithmic => {
      const shown = unscaled(logarithmic);
      const ticks = logarithmic ? { splits: (u, index, min, max) => logarithmicTicks(min, max) } : {};
      return Object.assign({ shown, values: (u, splits) => splits.map(shown) }, ticks, axis);
    };
    const places = placesAcross(chart);
    const across = Object.assign(scale(chart.acrossLogs), { label: chart.across, labelSize: 20, labelFont: axis.font },
        places === null ? {} : { splits: () => places });
    const up = Object.assign(scale(chart.logarithmic), { size: 64 });
    // Marks at the ends want some room.
    const margin = chart.series.some(each => each.style === "POINTS" || each.style === "SCATTER") ? 0.03 : 0;
    const options = {
      width: card.clientWidth - 30,
      height,
      cursor: Object.assign({ drag: { x: true, y: false } }, chart.across === "step" ? { sync: { key: "steps" } } : {}),
      scales: { x: { time: false, range: padded(margin, 0) }, y: chart.logarithmic ? { range: padded(0.1, 0.5) } : {} },
      axes: [across, up],
      series: [{ label: chart.across, value: (u, step) => across.shown(step) }]
          .concat(chart.series.map(each => series(each, chart.logarithmic)))
    };
    const lines = chart.series.map(each => [scaled(each.steps, chart.acrossLogs), scaled(each.values, chart.logarithmic)]);
    const plot = new uPlot(options, uPlot.join(lines), card);
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
