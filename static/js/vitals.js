// Real readers' LCP and INP, sent once when the page is left; no identifier of any kind.
const url = document.querySelector('meta[name="vitals-url"]')?.content;
const worst = new Map();
let lcp = 0;
let sent = false;

const watch = (type, options, read) => {
  if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return;
  new PerformanceObserver((list) => list.getEntries().forEach(read)).observe({ type, buffered: true, ...options });
};
watch("largest-contentful-paint", {}, (entry) => { lcp = entry.startTime; });
watch("event", { durationThreshold: 40 }, (entry) => {
  if (entry.interactionId) worst.set(entry.interactionId, Math.max(entry.duration, worst.get(entry.interactionId) ?? 0));
});

// INP forgives one outlier for every fifty interactions.
const inp = () => {
  const durations = [...worst.values()].sort((a, b) => b - a);
  const seen = performance.interactionCount ?? durations.length;
  return durations[Math.min(Math.floor(seen / 50), durations.length - 1)] ?? null;
};

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden" || sent || !url || !lcp) return;
  sent = true;
  const body = { page: document.body.dataset.page, lcp_ms: Math.round(lcp), inp_ms: inp() };
  navigator.sendBeacon(url, new Blob([JSON.stringify(body)], { type: "application/json" }));
});
