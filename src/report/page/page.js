// The page: what is shown of a run, in its order.
// --- intro, headline ---
const run = S.run, counts = S.requests;
$("title").textContent = run.scenario;
$("facts").append(...[
  span(run.virtual_secs) + " from " + date(0), "policy " + run.policy, "seed " + run.seed, "digest " + run.digest, "packyard " + run.version,
  run.cut_short ? "CUT SHORT: figures cover what ran until the interruption" : null,
].filter(Boolean).map((text) => el("span", {}, text)));
const noRoom = sum(S.no_room.map((r) => r.count));
const stage = (name, outcome) => S.simulated_latency_us.find((s) => s.stage === name && (s.outcome || null) === (outcome || null));
const fullest = S.zones.reduce((best, zone) => (!best || zone.vcpu_peak > best.vcpu_peak ? zone : best), null);
const running = stage("request to running");
const empties = (one("hosts_empty") || { values: [] }).values.filter((v) => v !== null);
const strandedShare = one("vcpus_stranded"), freeNow = one("vcpus_free");
const lastOf = (column) => (column ? column.values[column.values.length - 1] : null);
function stat(id, name, value, unit, note) {
  $("strip").append(el("div", { class: "stat" }, el("div", { class: "name" }, name), el("div", { class: "value", id }, value, unit ? el("small", {}, unit) : null), el("div", { class: "note" }, note)));
}
stat("stat-no-room", "Requests without room", (100 * noRoom / Math.max(1, counts.total)).toFixed(2), "%", num(noRoom) + " of " + num(counts.total) + " requests");
stat("stat-peak", "Peak vCPUs placed", fullest ? (100 * fullest.vcpu_peak).toFixed(1) : "–", "%", fullest ? "in " + fullest.zone + ", mean " + pct(fullest.vcpu_mean) : "");
const [wait, unit] = running ? micros(running.p999).split(" ") : ["none", ""];
stat("stat-p999", "Request to running, p99.9", wait, unit, running ? "median " + micros(running.p50) + ", longest " + micros(running.max) : "the control plane is instant");
stat("stat-stranded", "Stranded vCPUs at the end", num(S.packing.stranded_vcpus), "vCPU", lastOf(freeNow) ? pct(lastOf(strandedShare) / lastOf(freeNow)) + " of what is free" : "free and unusable for the mix");
stat("stat-empty", "Fewest empty hosts", empties.length ? num(Math.min(...empties)) : "–", "", "of " + grouped(S.packing.hosts) + "; " + grouped(S.packing.empty) + " at the end");

// --- findings ---
if (D.findings.length) {
  const all = D.findings, more = D.more_findings;
  $("findings").append(el("div", { class: "head" }, el("h2", { id: "findings-title" }, "When zones ran full, what was short, and what that did")),
    el("p", { class: "about" }, "Stretches with requests that found no room in the zone. Last columns: p99.9 from request to running in these intervals, and in all intervals in which no zone was full." + (more ? " The " + grouped(all.length) + " stretches with the most such requests; " + grouped(more) + " smaller ones are left out." : "")));
  dataTable($("findings"), [
    ["Zone", null], ["From", clock], ["To", clock], ["Time full", span], ["Without room", grouped], ["Short of", null],
    ["p99.9 to running, full", micros], ["p99.9 otherwise", micros],
  ], all.map((f) => [f.zone, f.first, f.last, f.span, f.refused, f.missing.map(([what, n]) => what + " (" + grouped(n) + ")").join(", "), f.p999_full, D.p999_otherwise]), "When zones ran full", true);
}

// --- charts ---
const charts = $("charts");
{
  let metric = "vcpu_used", split = "zone";
  const resources = [["vcpu_used", "vCPU"], ["memory_used", "Memory"], ["gpu_used", "GPU"], ["local_disks_used", "Local disks"]].filter(([m]) => cols(m).length);
  const controls = [choice("Resource", resources, (v) => { metric = v; again(); }), choice("By", [["zone", "zone"], ["class", "host class"]], (v) => { split = v; again(); })];
  const body = card(charts, "utilization", "Utilization", "Share of what hosts have that is placed: means over each interval of " + span(T.interval) + ".", controls);
  const again = chart(() => overTime(body, { label: "Utilization over time", show: pct, max: 1, series: cols(metric, split === "zone" ? byZone : byClass).map((c) => ({ name: c[split], values: c.values })) }));
}
const pair = (id) => { const node = el("div", { class: "pair", id }); charts.append(node); return node; };
// Counts of an interval as a rate. An interval without length has none.
const hourly = (values) => values.map((v, at) => {
  const length = T.ends[at] - (at ? T.ends[at - 1] : 0);
  return v === null || !(length > 0) ? null : (v / length) * 3600;
});
{
  const both = pair("demand");
  const left = card(both, "requests", "Requests", "Requests an hour, and instances created of them.");
  const flows = [["requests", "requests"], ["created", "created"], ["rejected", "rejected"], ["released", "released"]].filter(([m]) => one(m));
  chart(() => overTime(left, { label: "Requests over time", show: num, series: flows.map(([m, name]) => ({ name, values: hourly(one(m).values) })) }));
  const right = card(both, "instances", "Instances", "Instances that have a place, by zone: means over each interval.");
  chart(() => overTime(right, { stacked: true, legend: true, label: "Instances over time", show: num, series: cols("instances", byZone).map((c) => ({ name: c.zone, values: c.values })) }));
}
{
  const both = pair("refusals");
  const stacked = { stacked: true, skipZero: true, legend: true, show: (v) => num(v) };
  const codes = cols("rejected", byDetail).sort((a, b) => sum(b.values) - sum(a.values));
  const top = codes.slice(0, 7), rest = codes.slice(7);
  const series = top.map((c) => ({ name: c.detail, values: hourly(c.values) }));
  if (rest.length) series.push({ name: rest.length + " other codes", values: hourly(T.ends.map((_, at) => sum(rest.map((c) => c.values[at])))) });
  const left = card(both, "codes", "Rejections by code", "Requests an hour.");
  if (series.length) chart(() => overTime(left, { ...stacked, label: "Rejections by code", series })); else left.textContent = "No request was rejected.";
  const zones = [["", "all zones"]].concat([...new Set(cols("no_room", (c) => c.zone).map((c) => c.zone))].sort().map((z) => [z, z]));
  let zone = "";
  const right = card(both, "missing", "Rejections by missing resource", "Requests an hour that passed the gate and found no room.", zones.length > 1 ? [choice("Zone", zones, (v) => { zone = v; again(); })] : []);
  const again = cols("no_room").length ? chart(() => overTime(right, { ...stacked, label: "Rejections by missing resource", series: cols("no_room", (c) => (c.zone || "") === zone).map((c) => ({ name: c.detail, values: hourly(c.values) })) })) : () => {};
  if (!cols("no_room").length) right.textContent = "Every request that passed the gate found room.";
}
if (D.latency.length) {
  const names = { p50: "median", p99: "p99", p999: "p99.9" };
  let which = "request to running";
  const body = card(charts, "waits", "Simulated latency over time", "What customers of the modelled cloud waited, in virtual time. Percentiles of each interval from its own histogram.", [choice("Wait", T.waits.map((w) => [w.name, w.name]).reverse(), (v) => { which = v; again(); })]);
  const again = chart(() => overTime(body, { label: "Latency over time", log: true, show: micros, series: Object.keys(names).map((p) => ({ name: names[p], values: T.waits.find((w) => w.name === which)[p] })) }));
}
{
  const both = pair("percentile-plots");
  if (D.latency.length) {
    let outcome = "created";
    const outcomes = [...new Set(D.latency.map((c) => c.outcome))].map((o) => [o, o]);
    const body = card(both, "simulated", "Simulated latency", "Virtual time, by stage, after the warm-up.", [choice("Outcome", outcomes, (v) => { outcome = v; again(); })]);
    const again = chart(() => percentiles(body, { label: "Simulated latency percentiles", show: micros, series: D.latency.filter((c) => c.outcome === outcome).map((c) => ({ name: c.stage, points: c.points })) }));
  }
  if (D.cost.length) {
    const body = card(both, "engine", "Engine cost", "Wall time of this program on this machine; never part of a simulated wait.");
    chart(() => percentiles(body, { label: "Engine cost percentiles", show: nanos, series: D.cost.map((c) => ({ name: c.stage, points: c.points })) }));
  }
}
{
  let metric = "vcpus_stranded", split = "zone";
  const body = card(charts, "fragmentation", "Stranded capacity", "Free on hosts that hold instances and have no room for any request of their zone's mix, as seen so far in the run.", [
    choice("Resource", [["vcpus_stranded", "vCPU"], ["memory_gib_stranded", "Memory, GiB"]], (v) => { metric = v; again(); }),
    choice("By", [["zone", "zone"], ["class", "host class"]], (v) => { split = v; again(); })]);
  const again = chart(() => overTime(body, { stacked: true, label: "Stranded capacity", legend: true, show: num, series: cols(metric, split === "zone" ? byZone : byClass).map((c) => ({ name: c[split], values: c.values })) }));
  const both = pair("hosts-time");
  const left = card(both, "host-states", "Hosts over time", "Empty hosts are the reserve; full ones have no room for any request of the mix.");
  chart(() => overTime(left, { label: "Hosts over time", show: num, legend: true, series: [["empty", "hosts_empty"], ["full", "hosts_full"], ["draining or failed", "hosts_down"]].filter(([, m]) => one(m)).map(([name, m]) => ({ name, values: one(m).values })) }));
  const right = card(both, "fills", "Fullness of hosts over time", "Share of the hosts in each tenth, by the fuller of vCPUs and memory; the lowest row is empty.");
  heatOverTime(right);
}
{
  const names = { api: "for an API worker", scheduler: "for a scheduler", node: "for a start slot", clones: "clones under way" };
  const shown = [];
  if (cols("queue").length) shown.push(["queues", "Queues", "What waits at the end of each interval.", cols("queue").map((c) => ({ name: names[c.detail] || c.detail, values: c.values })).concat(cols("unanswered").map((c) => ({ name: "calls without an answer", values: c.values })))]);
  if (cols("disk_gib_free").length) shown.push(["disks", "Disk pools", "Room left in limited pools, GiB.", cols("disk_gib_free").slice(0, 24).map((c) => ({ name: c.zone + " " + c.detail, values: c.values }))]);
  const counts = [["hosts_failed", "hosts failed"], ["went_down", "instances went down"], ["moved", "instances moved"], ["locked", "instances stopped for money"], ["throttled", "instances out of credits"]].filter(([m]) => one(m));
  if (counts.length) shown.push(["failures", "Failures and moves", "How often, in each interval.", counts.map(([m, name]) => ({ name, values: one(m).values }))]);
  if (one("instances_down")) shown.push(["down", "Instances down", "Instances whose host has failed or is worked on, at the end of each interval.", [{ name: "down", values: one("instances_down").values }]]);
  for (let at = 0; at < shown.length; at += 2) {
    const both = shown.length - at > 1 ? pair("extra-" + at) : charts;
    for (const [id, title, about, series] of shown.slice(at, at + 2)) {
      const body = card(both, id, title, about);
      chart(() => overTime(body, { label: title, show: num, legend: true, series }));
    }
  }
}

// --- heat maps ---
function heatOverTime(host) {
  const fills = cols("hosts_by_fill", byDetail).sort((a, b) => +a.detail - +b.detail);
  const total = (at) => Math.max(1, sum(fills.map((c) => c.values[at])));
  const row = (fill) => (fill === 0 ? "empty" : (fill - 1) * 10 + " to " + fill * 10 + " % full");
  const of = (at, n) => { const x = at % n, fill = fills.length - 1 - Math.floor(at / n); return [x, fill]; };
  heat(host, "Fullness of hosts over time", () => T.ends.length, () => fills.length, () => 22,
    (at, n) => { const [x, fill] = of(at, n); const share = (fills[fill].values[x] || 0) / total(x); return share > 0 ? Math.sqrt(share) : 0; },
    (at, n) => { const [x, fill] = of(at, n); return fills[fill] && at >= 0 ? [clock(T.ends[x]) + " · " + row(fill), [[null, "hosts", grouped(fills[fill].values[x] || 0)], [null, "share", pct((fills[fill].values[x] || 0) / total(x))]]] : null; });
  host.append(ramp("no host", "all hosts"));
}
{
  let metric = "vcpu";
  const body = card(charts, "hosts", "Hosts at the end", "One cell for each host, or for a group of neighbours where there are many; hosts in the order of their numbers.", [choice("Resource", [["vcpu", "vCPU"], ["memory", "Memory"]], (v) => { metric = v; redraws.forEach((draw) => draw()); })]);
  const maps = el("div", { class: "maps" });
  body.append(maps);
  for (const zone of D.map.zones) {
    const box = el("div", {}, el("h3", {}, zone.zone + " · " + grouped(zone.hosts) + " hosts" + (zone.per_cell > 1 ? ", " + grouped(zone.per_cell) + " in a cell" : "")));
    maps.append(box);
    const many = zone.first.length;
    heat(box, "Hosts of " + zone.zone, (width) => Math.max(1, Math.min(many, Math.floor(width / (many > 600 ? 8 : 14)))), (n) => Math.ceil(many / n), (width) => (many > 600 ? 8 : 14),
      (at) => (at >= many ? null : zone.down[at] === Math.min(zone.per_cell, zone.hosts - at * zone.per_cell) ? -1 : zone[metric][at] / 100),
      (at) => (at < 0 || at >= many ? null : ["host " + zone.first[at] + (zone.per_cell > 1 ? " and on" : "") + " · " + zone.class[at], [[null, "vCPU placed", zone.vcpu[at] + " %"], [null, "memory placed", zone.memory[at] + " %"], [null, "empty", grouped(zone.empty[at])], [null, "taking no instances", grouped(zone.down[at])]]]));
  }
  body.append(ramp("empty", "full", true));
}

// --- tables ---
{
  const body = card(charts, "zones", "Zones");
  dataTable(body, [["Zone", null], ["Hosts", grouped], ["vCPUs", grouped], ["Memory, GiB", grouped], ["vCPU mean", pct], ["vCPU peak", pct], ["Memory mean", pct], ["Memory peak", pct]],
    S.zones.map((z) => [z.zone, z.hosts, z.vcpus, z.memory_gib, z.vcpu_mean, z.vcpu_peak, z.memory_mean, z.memory_peak]), "Zones");
  const both = pair("tables");
  const codes = card(both, "code-table", "Answers");
  dataTable(codes, [["Answer", null], ["Status", (n) => String(n)], ["Requests", grouped], ["Share", pct]],
    [["created", 200, counts.created, counts.created / Math.max(1, counts.total)]].concat(counts.rejected_by_code.map((c) => [c.code, c.status, c.count, c.count / Math.max(1, counts.total)])), "Answers");
  const reasons = card(both, "reason-table", "What was short");
  const texts = S.no_room.map((r) => [r.reason.replace(/_/g, " "), r.count, r.count / Math.max(1, noRoom)]);
  if (texts.length) dataTable(reasons, [["Constraint that left no host", null], ["Requests", grouped], ["Share", pct]], texts, "What was short");
  else reasons.append("Nothing: every request that passed the gate found room.");
  const stages = (rows) => rows.map((s) => [s.stage + (s.outcome ? ", " + s.outcome : ""), s.count, s.p50, s.p90, s.p99, s.p999, s.p9999, s.p99999, s.max]);
  const heads = (show) => [["Stage", null], ["Count", grouped], ["p50", show], ["p90", show], ["p99", show], ["p99.9", show], ["p99.99", show], ["p99.999", show], ["Max", show]];
  if (S.simulated_latency_us.length) dataTable(card(charts, "latency-table", "Simulated latency, virtual time"), heads(micros), stages(S.simulated_latency_us), "Simulated latency");
  if (S.engine.cost_ns.length) dataTable(card(charts, "cost-table", "Engine cost, wall time"), heads(nanos), stages(S.engine.cost_ns), "Engine cost");
}

features();

// --- provenance ---
{
  const rows = [["Scenario", run.scenario], ["Seed", run.seed], ["Policy", run.policy], ["Digest", run.digest], ["Version", run.version], ["Virtual time", span(run.virtual_secs)], ["Warm-up", span(run.warmup_secs)],
    ["Wall time", S.engine.wall_secs.toFixed(2) + " s, " + num(S.engine.events_per_sec) + " events/s"], ["Peak memory", num(S.engine.peak_memory_mib) + " MiB"]];
  const section = $("provenance");
  section.className = "card";
  const toml = el("pre", { tabindex: 0, "aria-label": "Effective scenario" }, D.scenario);
  section.append(el("div", { class: "head" }, el("h2", { id: "provenance-title" }, "Provenance")), el("dl", {}, ...rows.flatMap(([k, v]) => [el("dt", {}, k), el("dd", { class: k === "Digest" ? "mono" : null, id: k === "Digest" ? "digest" : null }, String(v))])), el("details", { id: "scenario" }, el("summary", {}, "Effective scenario"), toml));
  sections.push(["provenance", "Provenance"]);
}
const linked = ["utilization", "codes", "waits", "simulated", "fragmentation", "failures", "hosts", "zones", "spot", "money", "provenance"];
const short = { codes: "Rejections", waits: "Latency", simulated: "Percentiles", fragmentation: "Fragmentation", failures: "Failures", hosts: "Hosts", spot: "Spot" };
if ($("plan")) $("nav").append(el("a", { href: "#plan-title" }, "Plan"));
for (const [id, title] of sections) if (linked.includes(id)) $("nav").append(el("a", { href: "#" + id + (id === "provenance" ? "" : "-title") }, short[id] || title));

// --- theme, resize, print ---
const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
const setTheme = (name) => { root.dataset.theme = name; redraws.forEach((draw) => draw()); };
let chosen = null;
$("theme").addEventListener("click", () => { chosen = root.dataset.theme === "dark" ? "light" : "dark"; setTheme(chosen); });
dark.addEventListener("change", () => { if (!chosen) setTheme(dark.matches ? "dark" : "light"); });
let before = null;
addEventListener("beforeprint", () => { before = root.dataset.theme; document.querySelectorAll("details").forEach((d) => { d.open = true; }); setTheme("light"); });
addEventListener("afterprint", () => { if (before) setTheme(before); });
let pending = 0;
addEventListener("resize", () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(() => redraws.forEach((draw) => draw())); });
setTheme(dark.matches ? "dark" : "light");
