// Unfolding of lines, and the projection chart drawn from the table below it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button.unfold");
  if (!button) return;
  const row = button.closest("tr").nextElementSibling;
  row.hidden = !row.hidden;
  button.setAttribute("aria-expanded", String(!row.hidden));
});

function drawProjection() {
  const box = document.getElementById("chart");
  if (!box || typeof echarts === "undefined") return;
  const rows = [...document.querySelectorAll("#projection-table tbody tr")];
  const column = (name) => rows.map((r) => (r.dataset[name] === "" ? null : Number(r.dataset[name])));
  const years = column("year").map(String), low = column("low"), high = column("high");
  const chart = echarts.init(box, null, { renderer: "svg" });
  const whole = (v) => (v === null || v === undefined ? "—" : Math.round(v).toLocaleString("en-US"));
  const series = [
    { name: "low", type: "line", data: low, stack: "band", lineStyle: { opacity: 0 }, symbol: "none", silent: true, tooltip: { show: false } },
    { name: box.dataset.band, type: "line", data: high.map((h, i) => h - low[i]), stack: "band", lineStyle: { opacity: 0 }, symbol: "none", areaStyle: { color: "#0b5d4b", opacity: 0.14 }, itemStyle: { color: "#9cc3b8" }, silent: true, tooltip: { show: false } },
    { name: box.dataset.cost, type: "line", data: column("eur"), lineStyle: { width: 3, color: "#0b5d4b" }, itemStyle: { color: "#0b5d4b" }, symbolSize: 7 },
  ];
  const actual = column("actual");
  if (actual.some((v) => v !== null)) {
    series.push({ name: box.dataset.actual, type: "line", data: actual, lineStyle: { width: 3, color: "#b5651d", type: "dashed" }, itemStyle: { color: "#b5651d" }, symbolSize: 7 });
  }
  chart.setOption({
    animation: false,
    aria: { enabled: true },
    legend: { top: 0, data: series.slice(1).map((s) => s.name), textStyle: { fontSize: 13 } },
    grid: { left: 8, right: 16, top: 44, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: whole },
    xAxis: { type: "category", data: years, boundaryGap: false },
    yAxis: { type: "value", axisLabel: { formatter: (v) => whole(v) }, name: "EUR", nameTextStyle: { align: "left" } },
    series,
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}
drawProjection();

// A job tells of itself; where it cannot, the page asks every few seconds.
function listen() {
  const box = document.getElementById("progress");
  if (!box || typeof EventSource === "undefined") return;
  const source = new EventSource(box.dataset.events);
  const told = () => htmx.trigger(box, "told");
  source.addEventListener("progress", told);
  source.addEventListener("end", () => { source.close(); told(); });
}
listen();
