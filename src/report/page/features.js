// What only some runs have: the spot market, money, failures, CPU credits, clients, operations.
function features() {
  const charts = $("charts");
  const share = (x) => pct(x);
  const hours = (h) => num(h) + " h";
  const words = (name) => name.replace(/_/g, " ");

  // Facts in two columns: [name, value] pairs, those without a value left out.
  function facts(host, rows) {
    const list = el("dl", { class: "facts-list" });
    for (const [name, value] of rows) if (value !== null && value !== undefined) list.append(el("dt", {}, name), el("dd", {}, String(value)));
    host.append(list);
  }
  // A table of plain objects: [key, head, how to show it]; without the last it is text.
  function listing(host, rows, columns, label) {
    if (rows && rows.length) dataTable(host, columns.map(([, head, show]) => [head, show || null]), rows.map((row) => columns.map(([key]) => row[key])), label);
  }
  // Any x: hours since the start or of age.
  function overHours(host, options) {
    const end = options.end || 1;
    const xs = Array.from({ length: 121 }, (_, at) => (at * end) / 120);
    return plot(host, { ...options, xs, x0: 0, x1: end, legend: true, title: options.title || hours, xticks: (count) => niceTicks(end, Math.min(count, 8)).filter((x) => x <= end * 1.0001).map((x) => [x, num(x) + " h"]) });
  }

  if (S.spot) {
    const spot = S.spot, told = spot.interruptions;
    const causes = (n) => Object.entries(n).filter(([, count]) => count).map(([cause, count]) => cause + " " + grouped(count)).join(", ");
    const sumOf = (n) => n.price + n.stock + n.headroom;
    facts(card(charts, "spot", "Spot market"), [
      ["Spot instances created", grouped(spot.bought) + "; living at the end " + grouped(spot.live)],
      ["Told to go", grouped(sumOf(told)) + (sumOf(told) ? ": " + causes(told) : "")],
      ["Reclaimed after their notice", grouped(spot.reclaimed)], ["Released by their customer, or lost with a host", grouped(spot.released)],
      ["Refused: limit below the price", grouped(spot.refused_price)], ["Refused: no stock", grouped(spot.refused_stock)],
      ["Regular requests without room", grouped(spot.regular.no_room) + ", of which a reclaim would have saved " + grouped(spot.regular.saved_by_reclaim)],
      ["Instance hours", num(spot.instance_hours) + ", " + share(spot.protected_share) + " protected"],
      ["Cost", num(spot.cost) + ", at list price " + num(spot.list_cost) + ": " + share(spot.saving) + " saved"],
    ]);
    const name = (pool) => pool.zone + " " + pool.instance_type;
    const pools = spot.pools.slice().sort((a, b) => b.bought - a.bought), drawn = pools.slice(0, 12);
    const ways = { price: [num, (p) => p.price], list: [pct, (p, pool) => p.price / Math.max(1e-9, pool.list_price)], used: [pct, (p) => p.used], spot: [pct, (p) => p.spot] };
    let way = "price";
    const last = Math.max(0, ...drawn.map((pool) => (pool.points.length ? pool.points[pool.points.length - 1].hours : 0)));
    const body = card(charts, "spot-prices", "Spot prices and use of their pools", "By zone and type" + (pools.length > drawn.length ? ", the " + drawn.length + " with the most spot instances of " + pools.length : "") + ".",
      [choice("Show", [["price", "price an hour"], ["list", "price, of list price"], ["used", "pool in use"], ["spot", "pool held by spot instances"]], (v) => { way = v; again(); })]);
    const again = chart(() => overHours(body, { label: "Spot prices over time", end: last, show: ways[way][0], max: way === "price" ? 0 : 1, title: (h) => clock(h * 3600) + " · " + date(h * 3600), series: drawn.map((pool) => ({ name: name(pool), points: pool.points.map((p) => [p.hours, ways[way][1](p, pool)]) })) }));
    const both = pair("spot-lives");
    const left = card(both, "spot-told", "Interruptions", "Spot instances told to go, an hour, by cause.");
    const series = cols("spot_interruptions", byDetail).map((c) => ({ name: c.detail, values: hourly(c.values) }));
    if (series.length) chart(() => overTime(left, { stacked: true, skipZero: true, legend: true, label: "Interruptions over time", show: num, series })); else left.textContent = "No spot instance was told to go.";
    const right = card(both, "survival", "Survival until a reclaim", "Share of the spot instances that reach an age (Kaplan-Meier: those released or still alive count up to their age).");
    const steps = [[0, 1]];
    for (const point of spot.survival) steps.push([point.hours, steps[steps.length - 1][1]], [point.hours, point.survival]);
    if (spot.survival.length) chart(() => overHours(right, { label: "Survival of spot instances", end: steps[steps.length - 1][0], max: 1, show: pct, series: [{ name: "all spot instances", points: steps }] })); else right.textContent = "None was reclaimed.";
    listing(card(charts, "spot-pools", "Spot prices by zone and type"), pools.map((p) => ({ ...p, told: sumOf(p.interruptions), causes: causes(p.interruptions) })), [["zone", "Zone"], ["instance_type", "Type"], ["list_price", "List", num], ["lowest", "Lowest", num], ["mean", "Mean", num], ["highest", "Highest", num], ["last", "Last", num], ["bought", "Created", grouped], ["told", "Told to go", grouped], ["causes", "By cause"], ["interruption_class", "Rate, %"], ["cost", "Cost", num]], "Spot pools");
    if (spot.fleets) listing(card(charts, "spot-fleets", "Spot fleets"), spot.fleets, [["name", "Fleet"], ["target", "Wanted", grouped], ["filled", "Filled, mean", share], ["bought", "Spot created", grouped], ["interrupted", "Told to go", grouped], ["stood_in", "Regular stood in", grouped], ["refused", "Refused", grouped], ["spot", "Spot at the end", grouped], ["regular", "Regular at the end", grouped]], "Spot fleets");
    listing(card(charts, "spot-accounts", "Spot bills"), spot.accounts, [["account", "Account"], ["instances", "Instances", grouped], ["cost", "Cost", num], ["list_cost", "At list price", num]], "Spot bills");
  }

  if (S.billing) {
    const money = S.billing;
    const body = card(charts, "money", "Money", "Billed an hour; the hour under way is not billed yet.");
    const billed = one("billed");
    const plotted = el("div");
    body.append(plotted);
    if (billed) chart(() => overTime(plotted, { label: "Billed over time", show: num, series: [{ name: "billed", values: hourly(billed.values) }] }));
    facts(body, [
      ["Revenue", num(money.revenue) + ": paid " + num(money.paid) + ", owed " + num(money.owed) + ", not due " + num(money.not_due)], ["Coupons", num(money.coupons)],
      ["Accounts fell overdue", grouped(money.fell_overdue)],
      ["Instances stopped for arrears", grouped(money.stopped_overdue) + "; back " + grouped(money.restored) + ", no room for " + grouped(money.no_room_to_restore) + ", released " + grouped(money.released_overdue)],
      ["Subscriptions", "renewed " + grouped(money.renewed) + ", refused " + grouped(money.renewals_refused) + ", stopped at their end " + grouped(money.expired) + ", released " + grouped(money.released_expired)],
    ]);
    const both = pair("bills");
    listing(card(both, "charges", "Revenue by charge"), money.by_charge, [["charge", "Charge"], ["amount", "Amount", num]], "Revenue by charge");
    listing(card(both, "accounts", "Bills by account"), money.accounts.map((a) => ({ ...a, standing: a.overdue ? "overdue" : "good", balance: a.balance === null ? "no end" : num(a.balance) })), [["account", "Account"], ["billed", "Billed", num], ["paid", "Paid", num], ["owed", "Owed", num], ["balance", "Balance"], ["standing", "Standing"]], "Bills by account");
  }

  if (S.nodes) {
    const nodes = S.nodes, moves = nodes.migrations;
    const rest = (p) => (p.count ? "median " + micros(p.p50) + ", p99 " + micros(p.p99) + ", longest " + micros(p.max) : null);
    facts(card(charts, "nodes", "Failures and maintenance"), [
      ["Hosts failed", grouped(nodes.host_failures) + " times; most down at once " + grouped(nodes.peak_hosts_down)],
      ["Instances went down", grouped(nodes.went_down) + " times; most at once " + grouped(nodes.peak_down)],
      ["Back", "elsewhere " + grouped(nodes.recovered_elsewhere) + ", in place " + grouped(nodes.recovered_in_place) + "; released while down " + grouped(nodes.released_while_down) + ", down at the end " + grouped(nodes.down)],
      ["Tries to recover that found no room", grouped(nodes.tries_without_room)], ["Downtime", rest(nodes.downtime_us)],
      ["Hosts emptied, worked on", grouped(nodes.hosts_emptied) + ", " + grouped(nodes.hosts_worked_on)],
      ["Live migrations", moves.begun ? grouped(moves.done) + " of " + grouped(moves.begun) + " done" : null], ["Copying", rest(moves.copy_us)], ["Pause", rest(moves.pause_us)],
      ["Left their deployment set", nodes.left_their_set ? grouped(nodes.left_their_set) : null],
    ]);
  }

  if (S.credits || S.contention) {
    const rows = [], use = S.contention, credits = S.credits;
    if (use) rows.push(["CPU in use", share(use.cpu_use) + " of what is sold"], ["Hosts with steal", grouped(use.hosts_with_steal) + " of " + grouped(use.hosts)],
      ["CPU time stolen by host", "median " + share(use.steal_p50) + ", p90 " + share(use.steal_p90) + ", worst " + share(use.steal_max) + ", worst moment " + share(use.worst_moment)]);
    if (credits) rows.push(["Burstable instances", grouped(credits.instances) + ", of which unlimited " + grouped(credits.unlimited)],
      ["Throttled", grouped(credits.throttled_instances) + " instances, " + grouped(credits.throttlings) + " times, " + num(credits.throttled_hours) + " h"],
      ["Credits", "earned " + num(credits.earned) + ", spent " + num(credits.spent) + ", wanted and not given " + num(credits.denied) + ", paid for " + num(credits.overdrawn)]);
    facts(card(charts, "cpu", "CPU use and credits"), rows);
  }

  if (S.clients) {
    const clients = S.clients;
    const body = card(charts, "clients", "Clients");
    facts(body, [
      ["Calls", grouped(clients.calls) + "; retries " + grouped(clients.retries)],
      ["Served", "at once " + grouped(clients.served_at_once) + ", after a retry " + grouped(clients.served_after_retry) + ", elsewhere " + grouped(clients.served_elsewhere)],
      ["Not served", "refused " + grouped(clients.refused) + ", given up " + grouped(clients.given_up) + ", under way " + grouped(clients.under_way)],
      ["First request to instance", "median " + micros(clients.served_p50_us) + ", p99 " + micros(clients.served_p99_us) + ", longest " + micros(clients.served_max_us)],
    ]);
    listing(body, clients.fleets, [["fleet", "Fleet"], ["wanted_mean", "Wanted, mean", num], ["wanted_peak", "Wanted, peak", grouped], ["missing_share", "Missing", share], ["created", "Created", grouped], ["deleted", "Deleted", grouped], ["live", "At the end", grouped]], "Fleets");
    listing(body, clients.loops, [["workload", "Closed loop"], ["clients", "Clients", grouped], ["calls", "Calls", grouped], ["served", "Served", grouped], ["failed", "Failed", grouped], ["think_mean_s", "Think, mean", (s) => micros(s * 1e6)], ["answer_mean_s", "Answer, mean", (s) => micros(s * 1e6)]], "Closed loops");
  }

  if (S.operations) {
    const operations = S.operations;
    const body = card(charts, "operations", "Operations of the API");
    const refusals = (list) => (list.length ? list.map((r) => r.status + " " + r.code + " (" + grouped(r.count) + ")").join(", ") : "none");
    listing(body, operations.calls.map((c) => ({ ...c, refused: refusals(c.refused) })), [["operation", "Operation"], ["accepted", "Accepted", grouped], ["refused", "Refused"]], "Operations");
    facts(body, [["Disks that belong to no instance", operations.own_disks ? grouped(operations.own_disks) + ", " + grouped(operations.own_disks_gib) + " GiB" : null], ["Requests refused by a full disk pool", operations.pool_refusals ? grouped(operations.pool_refusals) : null]]);
    listing(body, operations.disk_pools, [["zone", "Zone"], ["category", "Disk pool"], ["physical_gib", "GiB there", grouped], ["sellable_gib", "GiB for sale", grouped], ["sold_mean", "Sold, mean", share], ["sold_peak", "Sold, peak", share], ["peak_overcommit", "Peak over-commit", num]], "Disk pools");
    for (const name of ["dedicated_hosts", "restarts"]) {
      const rows = operations[name];
      if (rows && rows.length) listing(body, rows, Object.keys(rows[0]).filter((key) => typeof rows[0][key] !== "object").map((key) => [key, words(key), typeof rows[0][key] === "number" ? num : null]), words(name));
    }
  }
}
