// Takes a dashboard and a Prometheus; gives, for each panel, the series or rows that Grafana would make of the answers. Never draws.

const LABEL = /{{\s*(\w+)\s*}}/g;

/** The time that is shown, in seconds of Unix time, and how finely. */
export function timeShown(minutes, every) {
  const to = Math.floor(Date.now() / 1000);
  const step = Math.max(every, Math.ceil((minutes * 60) / 300));
  return { from: to - Math.round(minutes * 60), to, step, rate: Math.max(4 * every, step + every) };
}

function inPlace(expr, time) {
  const filled = {
    $__rate_interval: `${time.rate}s`,
    $__range: `${time.to - time.from}s`,
    $__interval: `${time.step}s`,
    $job: '.*',
    $account: '.*',
    $region: '.*',
  };
  return Object.entries(filled).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

async function ask(prometheus, path, what) {
  const answer = await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(what)}`);
  const told = await answer.json();
  if (told.status !== 'success') throw new Error(`${what.query}: ${told.error}`);
  return told.data.result;
}

function named(target, labels) {
  if (target.legendFormat && target.legendFormat !== '__auto') {
    return target.legendFormat.replace(LABEL, (_, label) => labels[label] ?? '').trim().replace(/\s+/g, ' ');
  }
  return Object.values(labels).join(' ') || 'value';
}

/** A panel's series over the time that is shown: each with a value, or none, for every step. */
async function series(target, prometheus, time) {
  const query = inPlace(target.expr, time);
  const { from, to, step } = time;
  if (target.instant) {
    const found = await ask(prometheus, 'query', { query, time: to });
    return found.map((it) => ({ ref: target.refId, name: named(target, it.metric), values: [Number(it.value[1])] }));
  }
  const found = await ask(prometheus, 'query_range', { query, start: from, end: to, step });
  return found.map((it) => {
    const at = new Map(it.values.map(([when, value]) => [when, Number(value)]));
    const values = [];
    for (let when = from; when <= to; when += step) {
      const value = at.get(when);
      values.push(value === undefined || Number.isNaN(value) ? null : value);
    }
    return { ref: target.refId, name: named(target, it.metric), values };
  });
}

/** The rows of a table, after its transformations: merged by the labels that they share, with the columns that are kept. */
async function rows(panel, prometheus, time) {
  const merged = [];
  for (const target of panel.targets) {
    const number = panel.targets.length === 1 ? 'Value' : `Value #${target.refId}`;
    for (const it of await ask(prometheus, 'query', { query: inPlace(target.expr, time), time: time.to })) {
      const row = { ...it.metric, [number]: Number(it.value[1]) };
      const same = merged.find((other) => Object.keys(row).every((key) => !(key in other) || other[key] === row[key]));
      if (same && Object.keys(it.metric).some((key) => key in same)) Object.assign(same, row);
      else merged.push(row);
    }
  }
  const { indexByName, renameByName } = panel.transformations.find((it) => it.id === 'organize').options;
  const kept = Object.keys(indexByName).sort((a, b) => indexByName[a] - indexByName[b]);
  const columns = kept.map((key) => ({ key, name: renameByName[key] ?? key }));
  const shown = columns.filter(({ key }) => merged.some((row) => row[key] !== undefined));
  return { columns: shown, rows: merged.map((row) => shown.map(({ key }) => row[key])) };
}

async function marks(dashboard, prometheus, time) {
  const found = [];
  for (const it of dashboard.annotations.list.filter((mark) => mark.expr)) {
    const query = inPlace(it.expr, time);
    const { from, to, step } = time;
    for (const line of await ask(prometheus, 'query_range', { query, start: from, end: to, step })) {
      const times = line.values.map(([when, value]) => (it.useValueForTime ? Number(value) / 1000 : when));
      // What is so for a while is marked where it begins.
      const begins = times.filter((at, n) => n === 0 || (it.useValueForTime ? at !== times[n - 1] : at > times[n - 1] + step));
      for (const at of begins) if (at >= from && at <= to) found.push({ at, color: it.iconColor, name: it.name });
    }
  }
  return found;
}

/** Everything that is drawn. */
export async function told(dashboard, prometheus, time) {
  const panels = {};
  for (const panel of dashboard.panels.filter((it) => it.type !== 'row')) {
    if (panel.type === 'table') panels[panel.id] = await rows(panel, prometheus, time);
    else panels[panel.id] = (await Promise.all(panel.targets.map((it) => series(it, prometheus, time)))).flat();
  }
  const accounts = await ask(prometheus, 'query', { query: 'group by (job, account, region) (vpc_mirror_observed_timestamp_seconds)' });
  return { panels, marks: await marks(dashboard, prometheus, time), places: accounts.map((it) => it.metric), time };
}
