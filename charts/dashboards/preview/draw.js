// Takes a dashboard and what was told of it; draws it, much as Grafana does in its dark theme. Runs in a browser, beside uPlot.
/* global uPlot */

const COLORS = {
  green: '#73bf69', 'dark-green': '#37872d', yellow: '#fade2a', orange: '#ff9830', red: '#f2495c', 'dark-red': '#c4162a',
  blue: '#5794f2', purple: '#b877d9', text: '#ccccdc',
};
const CLASSIC = [
  '#73bf69', '#f2cc0c', '#8ab8ff', '#ff780a', '#f2495c', '#5794f2', '#b877d9', '#705da0', '#37872d', '#fade2a', '#447ebc',
  '#c15c17', '#890f02', '#0a437c', '#6d1f62', '#584477', '#b7dbab', '#f4d598', '#70dbed', '#f9ba8f',
];
const CELL = 54, LINE = 34, GAP = 8;
const color = (name) => COLORS[name] ?? name;
const make = (kind, className, text) => {
  const it = document.createElement(kind);
  if (className) it.className = className;
  if (text !== undefined) it.textContent = text;
  return it;
};

// Numbers as Grafana writes them

const digits = (value, most) => Number(value.toFixed(most)).toLocaleString('en', { maximumFractionDigits: most });

function scaled(value, steps, last) {
  const size = Math.abs(value);
  const [divisor, suffix] = steps.find(([least]) => size >= least) ?? last;
  return [value / divisor, suffix];
}

function plain(value, decimals) {
  const [number, suffix] = scaled(value, [[1e9, ' Bil'], [1e6, ' Mil'], [1e3, ' K']], [1, '']);
  const most = decimals ?? (Number.isInteger(number) ? 0 : Math.abs(number) < 1 ? 3 : Math.abs(number) < 10 ? 2 : 1);
  return [digits(number, most), suffix];
}

function written(value, unit, decimals) {
  if (value === null || value === undefined || Number.isNaN(value)) return ['–', ''];
  switch (unit) {
    case 'percentunit':
      return [digits(value * 100, decimals ?? (Math.abs(value) < 0.1 && value !== 0 ? 2 : 0)), '%'];
    case 's': {
      const [number, suffix] = scaled(value, [[86400, ' day'], [3600, ' hour'], [60, ' min'], [1, ' s']], [0.001, ' ms']);
      if (value === 0) return ['0', ' s'];
      return [digits(number, decimals ?? (Math.abs(number) < 10 ? 2 : Math.abs(number) < 100 ? 1 : 0)), suffix];
    }
    case 'currencyUSD': {
      const [number, suffix] = plain(value, decimals ?? 2);
      return [`$${number}`, suffix];
    }
    case 'bytes': {
      const [number, suffix] = scaled(value, [[2 ** 30, ' GiB'], [2 ** 20, ' MiB'], [2 ** 10, ' KiB']], [1, ' B']);
      return [digits(number, decimals ?? 1), suffix];
    }
    case 'reqps': return [plain(value, decimals)[0], ' req/s'];
    case 'opm': return [plain(value, decimals)[0], ' ops/min'];
    case 'dateTimeFromNow': {
      const ago = Date.now() / 1000 - value / 1000;
      if (ago < 45) return ['a few seconds ago', ''];
      if (ago < 90) return ['a minute ago', ''];
      if (ago < 3600) return [`${Math.round(ago / 60)} minutes ago`, ''];
      return [`${Math.round(ago / 3600)} hours ago`, ''];
    }
    default: return plain(value, decimals);
  }
}

const text = (value, field) => {
  const found = mapped(value, field);
  return found?.text ?? written(value, field.unit, field.decimals).join('');
};

function mapped(value, field) {
  for (const { type, options } of field.mappings ?? []) {
    if (type === 'value' && String(value) in options) return options[String(value)];
    if (type === 'range' && value >= options.from && value <= options.to) return options.result;
  }
  return undefined;
}

function threshold(value, field) {
  const found = mapped(value, field)?.color;
  if (found) return color(found);
  const steps = field.thresholds?.steps ?? [];
  return color(steps.filter((step) => step.value === null || value >= step.value).at(-1)?.color ?? 'text');
}

/** What is said of a field: the panel's defaults, and what is different of one with that name. */
function fieldOf(panel, name) {
  const { defaults, overrides } = panel.fieldConfig;
  const field = { ...defaults, custom: { ...defaults.custom } };
  for (const { matcher, properties } of overrides.filter((it) => it.matcher.options === name)) {
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) field.custom[id.slice(7)] = value;
      else field[id] = value;
    }
  }
  return field;
}

const last = (values) => values.filter((value) => value !== null).at(-1);
const CALCS = {
  lastNotNull: ['Last *', last],
  max: ['Max', (values) => Math.max(...values.filter((value) => value !== null))],
  min: ['Min', (values) => Math.min(...values.filter((value) => value !== null))],
  mean: ['Mean', (values) => { const all = values.filter((value) => value !== null); return all.reduce((a, b) => a + b, 0) / all.length; }],
};

// Kinds of panels

function stat(panel, body, all) {
  const field = panel.fieldConfig.defaults;
  const box = make('div', `stats n${Math.max(1, all.length)}`);
  body.append(box);
  if (!all.length) return void box.append(make('div', 'big none', field.noValue ?? 'No data'));
  for (const it of all) {
    const value = last(it.values);
    const cell = make('div', 'cell');
    const shade = value === undefined ? color('text') : threshold(value, field);
    if (panel.options.textMode === 'value_and_name') cell.append(make('div', 'name', it.name));
    const big = make('div', 'big');
    big.style.color = shade;
    const found = value === undefined ? undefined : mapped(value, field);
    const [number, suffix] = found?.text ? [found.text, ''] : value === undefined || Number.isNaN(value) ? [field.noValue, ''] : written(value, field.unit, field.decimals);
    big.append(make('span', '', number), make('span', 'unit', suffix));
    if (String(number).length > 8) big.classList.add('long');
    cell.append(big);
    box.append(cell);
    if (panel.options.graphMode === 'area' && it.values.length > 1) spark(cell, it.values, shade);
  }
}

function spark(cell, values, shade) {
  const known = values.map((value, n) => [n, value]).filter(([, value]) => value !== null);
  if (known.length < 2) return;
  const top = Math.max(...known.map(([, value]) => value)), bottom = Math.min(0, ...known.map(([, value]) => value));
  const x = (n) => (n / (values.length - 1)) * 100, y = (value) => 38 - ((value - bottom) / (top - bottom || 1)) * 34;
  const line = known.map(([n, value]) => `${x(n).toFixed(2)},${y(value).toFixed(2)}`).join(' L');
  const svg = `<svg viewBox="0 0 100 40" preserveAspectRatio="none"><path d="M${x(known[0][0])},40 L${line} L${x(known.at(-1)[0])},40 Z" fill="${shade}" fill-opacity=".16"/>` +
    `<path d="M${line}" fill="none" stroke="${shade}" stroke-width="1.4" vector-effect="non-scaling-stroke"/></svg>`;
  const box = make('div', 'spark');
  box.innerHTML = svg;
  cell.append(box);
}

function gauges(panel, body, all) {
  const field = panel.fieldConfig.defaults;
  const box = make('div', 'gauges');
  body.append(box);
  if (!all.length) box.append(make('div', 'none', field.noValue));
  for (const it of all) {
    const value = last(it.values) ?? 0;
    const shade = threshold(value, field);
    const most = field.max ?? Math.max(...all.map((other) => last(other.values) ?? 0), 1);
    const row = make('div', 'gauge');
    row.append(make('div', 'name', it.name));
    const track = make('div', 'track'), bar = make('div', 'bar');
    bar.style.width = `${Math.max(0.5, Math.min(100, (value / most) * 100))}%`;
    bar.style.background = `linear-gradient(90deg, ${shade}55, ${shade})`;
    track.append(bar);
    const number = make('div', 'number', text(value, field));
    number.style.color = shade;
    row.append(track, number);
    box.append(row);
  }
}

function table(panel, body, { columns, rows }) {
  const sort = panel.options.sortBy?.[0];
  const by = columns.findIndex(({ name }) => name === sort?.displayName);
  const value = (row) => row[by] ?? -Infinity;
  const sorted = by < 0 ? rows : [...rows].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (sort.desc ? -1 : 1));
  const box = make('table');
  const head = make('tr');
  columns.forEach(({ name, key }) => head.append(make('th', key.startsWith('Value') ? 'right' : '', name)));
  box.append(head);
  for (const row of sorted) {
    const line = make('tr');
    row.forEach((it, n) => {
      const { name, key } = columns[n];
      const field = fieldOf(panel, name);
      const number = key.startsWith('Value');
      const cell = make('td', number ? 'right' : '');
      const missing = it === undefined || Number.isNaN(it);
      const told = missing ? (number ? field.noValue : '') : number ? text(it, field) : mapped(it, field)?.text ?? it;
      const kind = field.custom.cellOptions?.type;
      if (kind === 'gauge' && !missing) {
        const shade = threshold(it, field), track = make('div', 'track'), bar = make('div', 'bar');
        bar.style.width = `${Math.max(1, Math.min(100, (it / (field.max ?? 1)) * 100))}%`;
        bar.style.background = `linear-gradient(90deg, ${shade}55, ${shade})`;
        track.append(bar);
        const shown = make('span', 'number', told);
        shown.style.color = shade;
        cell.className = 'withbar';
        cell.append(track, shown);
      } else {
        cell.textContent = told;
        if (kind === 'color-text' && !missing) cell.style.color = number ? threshold(it, field) : color(mapped(it, field)?.color ?? 'text');
      }
      line.append(cell);
    });
    box.append(line);
  }
  body.append(box);
}

function timeline(panel, body, all, { time }) {
  const field = panel.fieldConfig.defaults;
  const box = make('div', 'timeline');
  body.append(box);
  const seen = new Map();
  for (const it of all) {
    const row = make('div', 'lane');
    row.append(make('div', 'name', it.name));
    const track = make('div', 'lanes');
    let begin = 0;
    const same = (a, b) => (a === null || b === null ? a === b : shadeOf(a) === shadeOf(b));
    const shadeOf = (value) => threshold(value, field);
    for (let n = 1; n <= it.values.length; n++) {
      if (n < it.values.length && same(it.values[n], it.values[begin])) continue;
      const value = it.values[begin];
      if (value !== null) {
        const part = make('div', 'part');
        part.style.left = `${(begin / it.values.length) * 100}%`;
        part.style.width = `${((n - begin) / it.values.length) * 100}%`;
        part.style.background = shadeOf(value);
        seen.set(shadeOf(value), mapped(value, field)?.text ?? text(value, field));
        track.append(part);
      }
      begin = n;
    }
    row.append(track);
    box.append(row);
  }
  const axis = make('div', 'lane axis');
  axis.append(make('div', 'name', ''));
  const times = make('div', 'lanes');
  for (let part = 0; part <= 4; part++) {
    const at = new Date((time.from + ((time.to - time.from) * part) / 4) * 1000);
    const label = make('span', '', at.toTimeString().slice(0, 5));
    label.style.left = `${part * 25}%`;
    times.append(label);
  }
  axis.append(times);
  const legend = make('div', 'legend');
  for (const [shade, said] of seen) legend.append(swatch(shade), make('span', 'said', said));
  body.append(axis, legend);
}

function swatch(shade) {
  const it = make('i', 'swatch');
  it.style.background = shade;
  return it;
}

function graph(panel, body, all, { time, marks }) {
  const { defaults } = panel.fieldConfig;
  const { custom } = defaults;
  const stacked = custom.stacking.mode === 'normal';
  const xs = [];
  for (let at = time.from; at <= time.to; at += time.step) xs.push(at);
  const lines = all.filter((it) => it.values.some((value) => value !== null)).map((it, n) => {
    const field = fieldOf(panel, it.name);
    return { ...it, name: field.displayName ?? it.name, shade: field.color?.mode === 'fixed' ? color(field.color.fixedColor) : CLASSIC[n % CLASSIC.length] };
  });
  const legend = legendOf(panel, lines);
  const right = panel.options.legend.placement === 'right';
  body.classList.add(right ? 'beside' : 'below');
  const plot = make('div', 'plot');
  body.append(plot, legend);
  const sums = xs.map(() => 0);
  const drawn = lines.map((line) => (stacked ? line.values.map((value, n) => (sums[n] += value ?? 0)) : line.values));
  const order = stacked ? drawn.map((_, n) => n).reverse() : drawn.map((_, n) => n);
  const paths = custom.drawStyle === 'bars' ? uPlot.paths.bars({ size: [0.9, 40], align: 0 }) : custom.lineInterpolation === 'stepAfter' ? uPlot.paths.stepped({ align: 1 }) : undefined;
  const alpha = Math.round((custom.fillOpacity / 100) * 255).toString(16).padStart(2, '0');
  const solid = Math.max(custom.fillOpacity / 100, 0.2);
  const series = order.map((n) => ({
    label: lines[n].name,
    stroke: lines[n].shade,
    width: custom.lineWidth,
    fill: stacked ? over(lines[n].shade, solid) : lines[n].shade + alpha,
    paths,
    points: { show: false },
    spanGaps: custom.spanNulls === true,
  }));
  const known = drawn.flat().filter((value) => value !== null && Number.isFinite(value));
  const steps = custom.thresholdsStyle.mode === 'dashed' ? defaults.thresholds.steps.filter((step) => step.value !== null) : [];
  const most = Math.max(...known, 0), least = Math.min(...known, 0);
  const log = custom.scaleDistribution.type === 'log';
  const top = defaults.max ?? (most === 0 ? 1 : most * 1.08);
  const range = log ? [0.8, 20000] : [defaults.min ?? least, top];
  const axes = { stroke: '#9fa3ab', font: '11px Inter, sans-serif', grid: { stroke: '#cccddd12', width: 1 }, ticks: { stroke: '#cccddd22', width: 1, size: 4 } };
  const { width, height } = plot.getBoundingClientRect();
  const overlay = (u) => {
    const { ctx } = u, { left, top: up, width: wide, height: high } = u.bbox;
    ctx.save();
    for (const { at, color: shade } of marks) {
      const x = u.valToPos(at, 'x', true);
      ctx.strokeStyle = color(shade) + 'aa';
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(x, up);
      ctx.lineTo(x, up + high);
      ctx.stroke();
      ctx.fillStyle = color(shade);
      ctx.beginPath();
      ctx.moveTo(x - 4, up + high + 5);
      ctx.lineTo(x + 4, up + high + 5);
      ctx.lineTo(x, up + high);
      ctx.fill();
    }
    for (const step of steps) {
      const y = u.valToPos(step.value, 'y', true);
      if (y < up) continue;
      ctx.strokeStyle = color(step.color) + 'cc';
      ctx.setLineDash([8, 5]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + wide, y);
      ctx.stroke();
    }
    ctx.restore();
  };
  new uPlot(
    {
      width: Math.floor(width),
      height: Math.floor(height),
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, range: [time.from, time.to] }, y: { range, distr: log ? 3 : 1 } },
      axes: [
        { ...axes, size: 22, space: 70, values: (_, splits) => splits.map((at) => new Date(at * 1000).toTimeString().slice(0, 5)) },
        { ...axes, size: ['opm', 'reqps'].includes(defaults.unit) ? 80 : 62, space: 28, values: (_, splits) => splits.map((value) => (value === null ? '' : written(value, defaults.unit, undefined).join(''))) },
      ],
      series: [{}, ...series],
      hooks: { draw: [overlay] },
    },
    [xs, ...order.map((n) => drawn[n])],
    plot,
  );
  if (!lines.length) plot.append(make('div', 'nothing', 'No data'));
}

/** A colour over the background of a panel: what is stacked below must not shine through. */
function over(shade, part) {
  const [above, below] = [shade, '#181b1f'].map((it) => [1, 3, 5].map((at) => parseInt(it.slice(at, at + 2), 16)));
  return `rgb(${above.map((it, n) => Math.round(it * part + below[n] * (1 - part))).join(', ')})`;
}

function legendOf(panel, lines) {
  const field = panel.fieldConfig.defaults;
  const calcs = panel.options.legend.calcs.map((calc) => CALCS[calc]);
  const box = make('table', 'legends');
  const head = make('tr');
  head.append(make('th', '', 'Name'), ...calcs.map(([name]) => make('th', 'right', name)));
  box.append(head);
  for (const line of lines) {
    const row = make('tr'), name = make('td');
    name.append(swatch(line.shade), line.name);
    row.append(name);
    for (const [, calc] of calcs) row.append(make('td', 'right', written(calc(line.values), field.unit, undefined).join('')));
    box.append(row);
  }
  const around = make('div', 'around');
  around.append(box);
  return around;
}

const KINDS = { stat, bargauge: gauges, table, 'state-timeline': timeline, timeseries: graph };

/** Draws all of it into the page. */
window.draw = (dashboard, told) => {
  const page = document.body;
  const head = make('header');
  head.append(make('h1', '', dashboard.title));
  const clock = (at) => new Date(at * 1000).toTimeString().slice(0, 5);
  const chips = make('div', 'chips');
  const all = { datasource: 'Prometheus' };
  for (const it of dashboard.templating.list) {
    const chip = make('div', 'chip');
    const shown = it.name === 'runbooks' ? undefined : all[it.name] ?? 'All';
    if (!shown) continue;
    chip.append(make('span', 'label', it.label), make('span', 'value', shown));
    chips.append(chip);
  }
  for (const it of dashboard.links) chips.append(make('div', 'link', it.title));
  chips.append(make('div', 'range', `${clock(told.time.from)} to ${clock(told.time.to)}`));
  head.append(chips);
  const grid = make('main');
  page.append(head, grid);
  const unit = (grid.clientWidth + GAP) / 24;
  let bottom = 0;
  for (const panel of dashboard.panels) {
    const { x, y, w, h } = panel.gridPos;
    const box = make('section', panel.type);
    Object.assign(box.style, { left: `${x * unit}px`, top: `${y * LINE}px`, width: `${w * unit - GAP}px`, height: `${h * LINE - GAP}px` });
    bottom = Math.max(bottom, (y + h) * LINE);
    grid.append(box);
    box.append(make('h2', '', panel.title));
    if (panel.type === 'row') continue;
    const body = make('div', 'body');
    box.append(body);
    KINDS[panel.type](panel, body, told.panels[panel.id], told);
  }
  grid.style.height = `${bottom}px`;
};
