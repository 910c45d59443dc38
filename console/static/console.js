// What the pages do in the browser: the chart, pausing, keys. Served by us; the page's policy allows no other script.
"use strict";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The score over time, its bars as lines, and a dot for each event.
function drawCourse() {
  const place = document.getElementById("course");
  if (!place || !window.uPlot) return;
  const course = JSON.parse(place.dataset.course);
  const at = course.at.map((each) => Date.parse(each) / 1000);
  if (!at.length) return;
  const events = at.map((_, i) => i).filter((i) => course.event[i]);
  const level = (value) => at.map(() => value);
  const font = "12px system-ui, sans-serif";
  const axis = { stroke: css("--dim"), grid: { stroke: css("--soft") }, ticks: { stroke: css("--line") }, font };
  const day = (ts) => new Date(ts * 1000).toISOString().slice(0, 10);
  const shown = (_, value) => (value == null ? "" : value.toFixed(1));
  const bar = (label, colour, dash) => ({ label, value: shown, stroke: css(colour), width: 1, dash, points: { show: false } });
  place.replaceChildren();
  new uPlot({
    width: place.clientWidth - 24,
    height: 220,
    tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
    scales: { y: { range: [0, Math.min(100, Math.max(...course.score, course.client) + 12)] } },
    axes: [{ ...axis, space: 96, values: (_, ticks) => ticks.map(day) }, { ...axis, size: 36 }],
    series: [
      { value: (_, ts) => (ts == null ? "" : day(ts)), label: "when" },
      { label: "score", value: shown, stroke: css("--accent"), width: 2, points: { show: true, size: 5, filter: () => events } },
      bar("client from", "--client", [6, 3]),
      bar("client down to", "--client", [2, 3]),
      bar("candidate from", "--candidate", [6, 3]),
    ],
  }, [at, course.score, level(course.client), level(course.stays), level(course.candidate)], place);
}

// Now: while paused, what comes is not shown.
let paused = false;
function showLive(state) {
  const shown = document.getElementById("live-state");
  if (!shown) return;
  shown.className = state;
  shown.textContent = { "": "live", paused: "paused", away: "the console does not answer, or your session has ended" }[state];
}
function pause() {
  const button = document.getElementById("pause");
  if (!button) return;
  paused = !paused;
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? "Go on" : "Pause";
  showLive(paused ? "paused" : "");
}

const PLACES = { n: "/now", a: "/account", d: "/decisions", b: "/base", r: "/refused", e: "/deliveries", p: "/policy", u: "/audit" };
let afterG = false;
function onKey(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (afterG && PLACES[event.key]) location.assign(PLACES[event.key]);
  afterG = event.key === "g";
  if (event.key === "?") location.assign("/keys");
  if (event.key === " " && document.getElementById("pause") && !event.target.closest("button, summary, a")) {
    event.preventDefault();
    pause();
  }
  if (event.key === "/") {
    const field = document.querySelector("main input:not([type=hidden])");
    if (field) { event.preventDefault(); field.focus(); }
  }
}

// A file is put into the text beside it, and is looked over there before anything is done with it.
function onFile(event) {
  const [file] = event.target.files, place = document.getElementById(event.target.dataset.into);
  if (file && place) file.text().then((text) => { place.value = text; place.focus(); });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("input[type=file][data-into]").forEach((each) => each.addEventListener("change", onFile));
  drawCourse();
  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(drawCourse, 150); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCourse);
  document.getElementById("pause")?.addEventListener("click", pause);
  document.addEventListener("keydown", onKey);
});
document.addEventListener("htmx:sseBeforeMessage", (event) => {
  if (paused && event.detail.type !== "ended") event.preventDefault();
});
document.addEventListener("htmx:sseOpen", () => showLive(paused ? "paused" : ""));
document.addEventListener("htmx:sseError", () => showLive("away"));
