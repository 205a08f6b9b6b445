(function () {
  "use strict";
  const charts = JSON.parse(document.getElementById("data").textContent);
  const places = document.querySelectorAll(".chart");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const height = 300;
  let plots = [];

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const text = value => value == null ? "–" : number.format(value);

  // Bars of one row stand side by side around the row's place.
  function bars(index, count) {
    return (u, seriesIndex, from, to) => {
      const width = Math.max(1, (u.valToPos(1, "x", true) - u.valToPos(0, "x", true)) * 0.8 / count);
      const path = new Path2D();
      const zero = u.valToPos(0, "y", true);
      for (let i = from; i <= to; i++) {
        const value = u.data[seriesIndex][i];
        if (value != null) {
          const left = u.valToPos(u.data[0][i], "x", true) + (index - count / 2) * width;
          const top = u.valToPos(value, "y", true);
          path.rect(left, top, width * 0.92, zero - top);
        }
      }
      return { fill: path, stroke: null };
    };
  }

  function draw(place, chart) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const rows = chart.rows.length;
    const options = {
      width: place.clientWidth,
      height,
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: [-0.6, rows - 0.4] },
        y: { range: (u, low, high) => [0, high * 1.05] }
      },
      axes: [
        Object.assign({ splits: () => chart.rows.map((row, i) => i), values: () => chart.rows, rotate: rows > 4 ? -30 : 0, size: rows > 4 ? 110 : 40 }, axis, { grid: { show: false } }),
        Object.assign({ size: 70, label: chart.unit, labelFont: "12px system-ui, sans-serif", values: (u, ticks) => ticks.map(text) }, axis)
      ],
      series: [{ label: "row", value: (u, i) => i == null ? "–" : chart.rows[i] }].concat(chart.series.map((each, index) => {
        const fill = colour("--series-" + index % 6);
        return { label: each.name, stroke: fill, fill, width: 0, value: (u, value) => text(value), points: { show: false }, paths: bars(index, chart.series.length) };
      }))
    };
    const data = [chart.rows.map((row, i) => i)].concat(chart.series.map(each => each.values));
    plots.push({ place, plot: new uPlot(options, data, place) });
  }

  function drawAll() {
    plots.forEach(each => each.plot.destroy());
    plots = [];
    charts.forEach((chart, index) => draw(places[index], chart));
  }

  drawAll();
  dark.addEventListener("change", drawAll);
  window.addEventListener("resize", () => plots.forEach(each => each.plot.setSize({ width: each.place.clientWidth, height })));
})();
