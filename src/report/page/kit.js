// What the page is drawn with: helpers, tooltip, plots, tables, heat maps.
const D = JSON.parse(document.getElementById("data").textContent);
const S = D.summary, T = D.series;
const $ = (id) => document.getElementById(id);
const redraws = [];

// --- small helpers ---
function el(name, attrs, ...kids) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attrs || {})) {
    if (key === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...kids.filter((kid) => kid !== null && kid !== undefined));
  return node;
}
function svg(name, attrs, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attrs || {})) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
const grouped = (n) => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
function num(n) {
  if (n === null || n === undefined) return "–";
  const a = Math.abs(n);
  if (a >= 1e6) return +(n / 1e6).toPrecision(3) + " M";
  if (a >= 1e4) return +(n / 1e3).toPrecision(3) + " k";
  return a >= 100 || Number.isInteger(n) ? grouped(n) : String(+n.toPrecision(3));
}
const pct = (x) => (x === null || x === undefined ? "–" : (100 * x).toFixed(x !== 0 && Math.abs(x) < 0.01 ? 2 : 1) + " %");
function nanos(n) {
  if (n === null || n === undefined) return "–";
  for (const [size, unit] of [[60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"]])
    if (n >= size * (unit === "min" ? 2 : 1)) return +(n / size).toPrecision(3) + " " + unit;
  return Math.round(n) + " ns";
}
const micros = (us) => (us === null || us === undefined ? "–" : us === 0 ? "0" : nanos(us * 1000));
const two = (n) => String(Math.floor(n)).padStart(2, "0");
const clock = (s) => Math.floor(s / 86400) + "d " + two((s % 86400) / 3600) + ":" + two((s % 3600) / 60);
const date = (s) => new Date((D.start + s) * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";
function span(s) {
  if (s >= 172800) return +(s / 86400).toPrecision(3) + " d";
  if (s >= 7200) return +(s / 3600).toPrecision(3) + " h";
  return s >= 120 ? Math.round(s / 60) + " min" : Math.round(s) + " s";
}
const color = (at) => "var(--s" + (at % 8) + ")";
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// --- columns of the series ---
const cols = (metric, test) => T.columns.filter((c) => c.metric === metric && (!test || test(c)));
const plain = (c) => !c.zone && !c.class && !c.detail;
const one = (metric) => cols(metric, plain)[0];
const byZone = (c) => c.zone && !c.class && !c.detail;
const byClass = (c) => c.class && !c.zone && !c.detail;
const byDetail = (c) => c.detail && !c.zone && !c.class;
const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);

// --- tooltip ---
const tip = $("tip");
function showTip(x, y, title, rows) {
  tip.replaceChildren(el("b", {}, title));
  const table = el("table");
  for (const [shade, name, value] of rows.slice(0, 16)) {
    const mark = shade ? el("i", { style: "background:" + shade }) : null;
    table.append(el("tr", {}, el("td", {}, mark, name), el("td", {}, value)));
  }
  tip.append(table);
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = x + 16 + box.width > innerWidth - 8 ? x - box.width - 16 : x + 16;
  tip.style.left = Math.max(8, Math.min(left, innerWidth - box.width - 8)) + "px";
  tip.style.top = Math.max(8, Math.min(y + 12, innerHeight - box.height - 8)) + "px";
}
const hideTip = () => { tip.hidden = true; };

// --- axes ---
function niceTicks(max, count) {
  if (!(max > 0)) return [0, 1];
  const raw = max / count, power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 2.5, 5, 10].find((s) => s * power >= raw) * power;
  const ticks = [];
  for (let at = 0; at < max + step * 0.999; at += step) ticks.push(+at.toPrecision(12));
  return ticks;
}
function logTicks(min, max) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) ticks.push(Math.pow(10, power));
  return ticks;
}
function timeTicks(max, count) {
  const steps = [60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 604800, 1209600, 2592000];
  const step = steps.find((s) => max / s <= count) || max;
  const ticks = [];
  for (let at = 0; at <= max; at += step) ticks.push(at);
  return ticks.map((at) => [at, step >= 86400 ? at / 86400 + "d" : max < 86400 ? two(at / 3600) + ":" + two((at % 3600) / 60) : clock(at)]);
}

// --- a plot: lines or stacked areas, with legend, crosshair and keyboard ---
function plot(host, options) {
  const hidden = new Set();
  const box = el("div", { class: "chart", tabindex: 0, role: "img", "aria-label": options.label + ". Left and right arrow keys read the values." });
  const legend = el("div", { class: "legend" });
  host.replaceChildren(box, legend);
  const series = options.series.map((s, at) => ({ ...s, shade: s.shade || color(at), dash: at >= 8 }));
  let cursor = -1, geometry = null;

  function visible() { return series.filter((s) => !hidden.has(s.name)); }
  function draw() {
    const width = box.clientWidth || 600, height = options.height || (width < 480 ? 200 : 240);
    const shown = visible(), left = 58, right = 8, top = 8, bottom = 24;
    const w = width - left - right, h = height - top - bottom;
    let stack = null;
    if (options.stacked) {
      const total = options.xs.map(() => 0);
      stack = shown.map((s) => s.points.map(([x, y], at) => { const low = total[at]; total[at] += y || 0; return [x, low, total[at]]; }));
    }
    let max = options.max || 0, min = Infinity;
    if (stack) for (const layer of stack) for (const [, , y] of layer) max = Math.max(max, y);
    else for (const s of shown) for (const [, y] of s.points) if (y !== null) { max = Math.max(max, y); if (y > 0) min = Math.min(min, y); }
    const log = options.log && min < Infinity;
    const ticks = log ? logTicks(min, max) : niceTicks(max, 4);
    const y0 = log ? Math.log10(ticks[0]) : 0, y1 = log ? Math.log10(ticks[ticks.length - 1]) || 1 : ticks[ticks.length - 1];
    const X = (x) => left + (w * (x - options.x0)) / (options.x1 - options.x0 || 1);
    const Y = (y) => top + h - (h * ((log ? Math.log10(Math.max(y, ticks[0])) : y) - y0)) / (y1 - y0 || 1);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
    const every = Math.ceil(ticks.length / 7);
    ticks.forEach((tick, at) => {
      root.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: Y(tick), y2: Y(tick) }));
      if (at % every === 0) root.append(svg("text", { x: left - 6, y: Y(tick) + 4, "text-anchor": "end" }, options.show(tick)));
    });
    const marks = options.xticks(Math.max(2, Math.floor(w / 84)));
    for (const [at, text] of marks) {
      const x = X(at);
      root.append(svg("line", { class: "axis", x1: x, x2: x, y1: top + h, y2: top + h + 4 }));
      root.append(svg("text", { x, y: height - 6, "text-anchor": x > width - 24 ? "end" : x < left + 12 ? "start" : "middle" }, text));
    }
    root.append(svg("line", { class: "axis", x1: left, x2: width - right, y1: top + h, y2: top + h }));
    if (stack) stack.forEach((layer, at) => {
      if (!layer.length) return;
      const up = layer.map(([x, , y]) => X(x).toFixed(1) + "," + Y(y).toFixed(1)), back = layer.map(([x, y]) => X(x).toFixed(1) + "," + Y(y).toFixed(1)).reverse();
      root.append(svg("path", { class: "area", d: "M" + up.concat(back).join("L") + "Z", style: "fill:" + shown[at].shade }));
    });
    else for (const s of shown) {
      let path = "", pen = false;
      for (const [x, y] of s.points) {
        if (y === null || (log && y <= 0)) { pen = false; continue; }
        path += (pen ? "L" : "M") + X(x).toFixed(1) + "," + Y(y).toFixed(1);
        pen = true;
      }
      root.append(svg("path", { class: "line", d: path, style: "stroke:" + s.shade + (s.dash ? ";stroke-dasharray:5 3" : "") }));
    }
    const cross = svg("line", { class: "cross", y1: top, y2: top + h, visibility: "hidden" });
    root.append(cross);
    box.replaceChildren(root);
    geometry = { X, left, w, cross };
  }
  function valueAt(s, x) {
    const point = s.points.find(([at]) => at >= x - 1e-9) || s.points[s.points.length - 1];
    return point ? point[1] : null;
  }
  function point(at, clientX, clientY) {
    if (!options.xs.length) return;
    cursor = Math.max(0, Math.min(at, options.xs.length - 1));
    const x = options.xs[cursor], px = geometry.X(x);
    geometry.cross.setAttribute("x1", px);
    geometry.cross.setAttribute("x2", px);
    geometry.cross.setAttribute("visibility", "visible");
    const rows = visible().map((s) => [s.shade, s.name, valueAt(s, x)]).filter(([, , y]) => y !== null && !(options.skipZero && y === 0));
    rows.sort((a, b) => b[2] - a[2]);
    const area = box.getBoundingClientRect();
    showTip(clientX === undefined ? area.left + px : clientX, clientY === undefined ? area.top + 20 : clientY, options.title(x), rows.map(([shade, name, y]) => [shade, name, options.show(y)]));
  }
  box.addEventListener("pointermove", (event) => {
    const x = options.x0 + ((event.clientX - box.getBoundingClientRect().left - geometry.left) / geometry.w) * (options.x1 - options.x0);
    let best = 0;
    options.xs.forEach((at, i) => { if (Math.abs(at - x) < Math.abs(options.xs[best] - x)) best = i; });
    point(best, event.clientX, event.clientY);
  });
  const leave = () => { hideTip(); geometry.cross.setAttribute("visibility", "hidden"); };
  box.addEventListener("pointerleave", leave);
  box.addEventListener("blur", leave);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (step) { point(cursor < 0 ? 0 : cursor + step); event.preventDefault(); }
    else if (event.key === "Home") { point(0); event.preventDefault(); }
    else if (event.key === "End") { point(options.xs.length - 1); event.preventDefault(); }
    else if (event.key === "Escape") leave();
  });
  if (series.length > 1 || options.legend) for (const s of series) {
    const mark = el("i", { class: s.dash ? "dash" : null, style: "background:" + s.shade });
    const button = el("button", { type: "button", "aria-pressed": "true", title: "Show or hide" }, mark, s.name);
    button.addEventListener("click", () => {
      const on = hidden.has(s.name);
      if (on) hidden.delete(s.name); else hidden.add(s.name);
      button.setAttribute("aria-pressed", String(on));
      draw();
    });
    legend.append(button);
  }
  draw();
  return draw;
}
function overTime(host, options) {
  const ends = T.ends, series = options.series.map((s) => ({ ...s, points: s.values.map((y, at) => [ends[at], y]) }));
  const end = ends[ends.length - 1] || 1;
  // A column that came late has fewer points: the rest is nothing.
  for (const s of series) for (let at = s.points.length; at < ends.length; at++) s.points.push([ends[at], null]);
  return plot(host, { ...options, series, xs: ends, x0: 0, x1: end, xticks: (count) => timeTicks(end, count), title: (x) => clock(x) + " · " + date(x) });
}
const NINES = [[0, "0 %"], [1, "90 %"], [2, "99 %"], [3, "99.9 %"], [4, "99.99 %"], [5, "99.999 %"]];
function percentiles(host, options) {
  const xs = [];
  for (let x = 0; x <= 5.001; x += 0.1) xs.push(+x.toFixed(2));
  const label = (x) => "p" + +(100 * (1 - Math.pow(10, -x))).toFixed(x < 1 ? 1 : x < 2 ? 2 : 4);
  return plot(host, { ...options, log: true, legend: true, xs, x0: 0, x1: 5, xticks: (count) => NINES.filter((_, at) => count > 5 || at % 2 === 1 || at === 0), title: label });
}

// --- cards ---
const sections = [];
function card(parent, id, title, about, controls) {
  const head = el("div", { class: "head" }, el("h2", { id: id + "-title" }, title), ...(controls || []));
  const body = el("div", { id });
  const section = el("section", { class: "card", "aria-labelledby": id + "-title" }, head, about ? el("p", { class: "about" }, about) : null, body);
  parent.append(section);
  sections.push([id, title]);
  return body;
}
function choice(label, names, change) {
  const select = el("select", { "aria-label": label });
  names.forEach(([value, text]) => select.append(el("option", { value }, text)));
  select.addEventListener("change", () => change(select.value));
  return el("label", {}, label, select);
}
function chart(make) {
  let draw = make();
  redraws.push(() => draw());
  return () => { draw = make(); };
}
function dataTable(host, heads, rows, label, stack) {
  let order = -1, up = false;
  const table = el("table", { class: stack ? "data stack" : "data", "aria-label": label });
  const body = el("tbody");
  function fill() {
    const sorted = rows.slice();
    if (order >= 0) sorted.sort((a, b) => {
      const [x, y] = [a[order], b[order]];
      return (up ? 1 : -1) * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
    });
    body.replaceChildren(...sorted.map((row) => el("tr", {}, ...row.map((value, at) => el("td", { class: heads[at][1] ? null : String(value).length > 28 ? "text long" : "text", "data-head": stack ? heads[at][0] : null }, heads[at][1] ? heads[at][1](value) : String(value))))));
  }
  const head = el("tr", {}, ...heads.map(([name, show], at) => {
    const cell = el("th", { scope: "col", class: show ? null : "text" });
    cell.append(el("button", { type: "button", on: { click: () => {
      up = order === at ? !up : !show;
      order = at;
      head.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      cell.setAttribute("aria-sort", up ? "ascending" : "descending");
      fill();
    } } }, name));
    return cell;
  }));
  table.append(el("thead", {}, head), body);
  fill();
  host.append(el("div", { class: "scroll" }, table));
}

// --- a heat map ---
function mix(share) {
  const hex = (name) => [1, 3, 5].map((at) => parseInt(css(name).slice(at, at + 2), 16));
  const [a, b] = [hex("--heat0"), hex("--heat1")];
  return "rgb(" + a.map((low, at) => Math.round(low + (b[at] - low) * share)).join(",") + ")";
}
function ramp(low, high, down) { return el("div", { class: "ramp" }, low, el("i"), high, down ? el("span", { class: "down" }) : null, down ? "takes no instances" : null); }
function heat(host, label, columns, rows, cellHeight, value, describe) {
  const canvas = el("canvas", { tabindex: 0, role: "img", "aria-label": label + ". Arrow keys read the cells." });
  const box = el("div", { class: "chart" }, canvas);
  host.append(box);
  let cols_, cell, cursor = 0;
  const draw = () => {
    const width = box.clientWidth || 600, scale = devicePixelRatio || 1;
    cols_ = columns(width);
    const lines = rows(cols_);
    cell = [width / cols_, cellHeight(width, cols_)];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(lines * cell[1] * scale);
    canvas.style.height = lines * cell[1] + "px";
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const shades = Array.from({ length: 101 }, (_, at) => mix(at / 100));
    const gap = cell[0] > 5 ? 1 : 0, down = css("--down");
    for (let at = 0; at < lines * cols_; at++) {
      const of = value(at, cols_);
      if (of === null) continue;
      pen.fillStyle = of < 0 ? down : shades[Math.round(100 * Math.min(1, of))];
      pen.fillRect((at % cols_) * cell[0], Math.floor(at / cols_) * cell[1], cell[0] - gap + (gap ? 0 : 0.5), cell[1] - (cell[1] > 5 ? 1 : 0));
    }
  };
  const tell = (at, x, y) => { const of = describe(at, cols_); if (of) showTip(x, y, of[0], of[1]); else hideTip(); };
  canvas.addEventListener("pointermove", (event) => {
    const area = canvas.getBoundingClientRect();
    const column = Math.min(cols_ - 1, Math.max(0, Math.floor((event.clientX - area.left) / cell[0])));
    cursor = Math.floor((event.clientY - area.top) / cell[1]) * cols_ + column;
    tell(cursor, event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("blur", hideTip);
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -cols_, ArrowDown: cols_ }[event.key];
    if (!step) return;
    if (describe(cursor + step, cols_)) cursor += step;
    const area = canvas.getBoundingClientRect();
    tell(cursor, area.left + ((cursor % cols_) + 0.5) * cell[0], area.top + Math.floor(cursor / cols_) * cell[1]);
    event.preventDefault();
  });
  draw();
  redraws.push(draw);
}

