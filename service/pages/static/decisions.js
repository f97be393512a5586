// The cost of a tonne year by year, drawn from the table below the chart.
function drawYears() {
  const box = document.getElementById("years-chart");
  if (!box || typeof echarts === "undefined") return;
  const rows = [...document.querySelectorAll("#years-table tbody tr")];
  const number = (text) => (text === "" || text === undefined ? null : Number(text));
  const low = rows.map((r) => number(r.dataset.low)), high = rows.map((r) => number(r.dataset.high));
  const colours = ["#0b5d4b", "#b5651d"];
  const lines = [...document.querySelectorAll("#years-table th.series")].map((head, i) => {
    const colour = colours[Number(head.dataset.own)], draft = head.dataset.dash === "1";
    return {
      name: head.dataset.name,
      type: "line",
      data: rows.map((r) => number(r.querySelectorAll("td.value")[i].dataset.v)),
      lineStyle: { width: draft ? 2 : 3, color: colour, type: draft ? "dashed" : "solid" },
      itemStyle: { color: colour, opacity: draft ? 0.65 : 1 },
      symbolSize: draft ? 5 : 7,
    };
  });
  const hidden = { stack: "band", type: "line", symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
  const band = [
    { ...hidden, name: "low", data: low },
    { ...hidden, name: box.dataset.band, data: high.map((h, i) => h - low[i]), areaStyle: { color: "#0b5d4b", opacity: 0.1 }, itemStyle: { color: "#c4ded6" } },
  ];
  const shown = (v) => (v === null || v === undefined ? "—" : v.toLocaleString("en-US", { maximumFractionDigits: 2 }));
  const chart = echarts.init(box, null, { renderer: "svg" });
  const names = [...lines.map((s) => s.name), box.dataset.band];
  const narrow = () => box.clientWidth < 600;
  const place = () => chart.setOption({
    legend: { orient: narrow() ? "vertical" : "horizontal", left: 0, top: 0, itemGap: narrow() ? 4 : 14 },
    grid: { top: (narrow() ? 24 * names.length : 40) + 22 },
  });
  chart.setOption({
    animation: false,
    aria: { enabled: true },
    legend: { data: names, textStyle: { fontSize: 13 } },
    grid: { left: 8, right: 20, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: shown },
    xAxis: { type: "category", data: rows.map((r) => r.dataset.year), boundaryGap: false },
    yAxis: { type: "value", name: box.dataset.unit, nameTextStyle: { align: "left" } },
    series: [...band, ...lines],
  });
  place();
  new ResizeObserver(() => { chart.resize(); place(); }).observe(box);
}
drawYears();
