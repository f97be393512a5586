// Pictures of an estimate, drawn from the data that each box carries.
function drawEstimate() {
  if (typeof echarts === "undefined") return;
  const green = "#0b5d4b", brown = "#b5651d";
  const shown = (v) => (v === null || v === undefined ? "—" : v.toLocaleString("en-US", { maximumFractionDigits: 3 }));
  const line = (name, data, colour, more) => ({ name, type: "line", data, symbol: "none", lineStyle: { width: 2, color: colour }, itemStyle: { color: colour }, ...more });
  // Two stacked lines, the lower one unseen; stacked whatever their signs, since a band may lie across zero.
  const band = (name, low, high) => {
    const unseen = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
    return [
      { ...unseen, name: "−" + name, data: low },
      { ...unseen, name, data: high.map((h, i) => (h === null || low[i] === null ? null : h - low[i])), areaStyle: { color: green, opacity: 0.16 }, itemStyle: { color: "#9cc3b8" } },
    ];
  };
  const clipped = (low, high) => {
    const ends = [...low, ...high].filter((v) => v !== null).sort((a, b) => a - b);
    if (!ends.length) return {};
    const at = (share) => ends[Math.floor(share * (ends.length - 1))];
    const room = (at(0.9) - at(0.1)) * 0.5 || 0.5;
    return { min: Math.floor((at(0.1) - room) * 10) / 10, max: Math.ceil((at(0.9) + room) * 10) / 10 };
  };
  for (const box of document.querySelectorAll(".pt-chart")) {
    const of = JSON.parse(box.dataset.lines), names = JSON.parse(box.dataset.names), kind = box.dataset.kind;
    let x = of.periods, series = [], y = { type: "value", scale: true };
    if (kind === "multipliers") {
      x = of.horizon.map(String);
      series = band(names[1], of.low, of.high);
      if (of.value) series.push(line(names[0], of.value, green));
      y = { type: "value", min: Math.min(0, Math.floor(Math.min(...of.low) * 10) / 10), max: Math.max(1, Math.ceil(Math.max(...of.high) * 10) / 10) };
      if (y.max - y.min > 50) y = { type: "value", ...clipped(of.low, of.high) };
    } else if (kind === "fit") {
      series = [line(names[0], of.price, green), line(names[1], of.fitted, brown, { lineStyle: { width: 1, color: brown } })];
    } else if (kind === "recursive") {
      series = band(names[1], of.low, of.high);
      if (of.rate) series.push(line(names[0], of.rate, green));
      y = { type: "value", ...clipped(of.low, of.high) };
    } else {
      const dash = { lineStyle: { width: 1, color: brown, type: "dashed" } };
      series = [line(names[0], of.path, green), line(names[1], of.boundary, brown, dash), line("−" + names[1], of.boundary.map((v) => -v), brown, dash)];
    }
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      aria: { enabled: true },
      legend: { top: 0, left: 0, data: series.map((s) => s.name).filter((n) => !n.startsWith("−")), textStyle: { fontSize: 13 } },
      grid: { left: 8, right: 20, top: 40, bottom: 8, containLabel: true },
      tooltip: { trigger: "axis", valueFormatter: shown },
      xAxis: { type: "category", data: x, boundaryGap: false },
      yAxis: y,
      series,
    });
    new ResizeObserver(() => chart.resize()).observe(box);
  }
}
drawEstimate();
