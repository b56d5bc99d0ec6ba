// Draws the charts of a demo report and plays its clips. Runs in the page; uPlot is loaded before it.
(() => {
  const { report, strips } = JSON.parse(document.getElementById('data').textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const titles = { rapl: 'RAPL', rlhf: 'RLHF', true: 'True score', environment: 'Benchmark reward' };
  const axis = (label) => ({
    label,
    stroke: colour('soft'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line') },
  });

  /** Puts a chart into the element; every series is { name, points: [x, mean, low?, high?][] }. */
  function chart(id, series, { xLabel, yLabel, yRange, height = 260, points = true }) {
    const element = document.getElementById(id);
    const drawn = series.filter((one) => one.points.length > 0);
    if (!element || drawn.length === 0) return;
    const xs = [...new Set(drawn.flatMap((one) => one.points.map(([x]) => x)))].sort((a, b) => a - b);
    const data = [xs];
    const lines = [{ label: xLabel }];
    const bands = [];
    for (const { name, points: values } of drawn) {
      const at = new Map(values.map((point) => [point[0], point]));
      const column = (place) => xs.map((x) => at.get(x)?.[place] ?? null);
      const stroke = colour(name);
      data.push(column(1));
      lines.push({
        label: titles[name] ?? name,
        stroke,
        width: 2,
        spanGaps: true,
        points: { show: points, size: 6 },
        value: (_chart, value) => (value === null ? '' : value.toFixed(2)),
      });
      if (values[0].length === 4) {
        for (const place of [3, 2]) {
          data.push(column(place));
          lines.push({ label: `${name} ${place}`, stroke: 'transparent', spanGaps: true, points: { show: false } });
        }
        bands.push({ series: [lines.length - 2, lines.length - 1], fill: `${stroke}26` });
      }
    }
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: { x: { time: false }, y: yRange ? { range: yRange } : {} },
        axes: [axis(xLabel), axis(yLabel)],
        series: lines,
        bands,
      },
      data,
      element,
    );
    // The legend rows of the interval bounds would only repeat the line's.
    for (const row of plot.root.querySelectorAll('.u-legend .u-series')) {
      if (/ [23]$/.test(row.querySelector('.u-label')?.textContent ?? '')) row.remove();
    }
    addEventListener('resize', () => plot.setSize({ width: element.clientWidth, height }));
  }

  const band = (x, interval) => [x, interval.mean, interval.low, interval.high];
  chart(
    'learning',
    report.policies.map(({ reward, curve }) => ({
      name: reward,
      points: curve.map(({ step, score }) => band(step, score)),
    })),
    { xLabel: 'environment steps', yLabel: 'true score', yRange: [0, 1] },
  );
  chart(
    'efficiency',
    report.rewards.map(({ name, labelEfficiency }) => ({
      name,
      points: labelEfficiency
        .filter(({ pairAccuracy }) => pairAccuracy)
        .map(({ rankings, pairAccuracy }) => band(rankings, pairAccuracy)),
    })),
    { xLabel: 'rankings', yLabel: 'held-out pairs right', yRange: [0.4, 1] },
  );
  chart(
    'calibration',
    report.rewards.map(({ name, calibration }) => ({
      name,
      points: calibration.map(({ predicted, observed }) => [predicted, observed]),
    })),
    { xLabel: 'probability given', yLabel: 'share right', yRange: [0, 1] },
  );

  // Every series of the strips is scaled to its range over all strips, so that rollouts can be compared.
  const ranges = new Map();
  for (const { series } of strips) {
    for (const { name, values } of series) {
      const [low, high] = ranges.get(name) ?? [Infinity, -Infinity];
      ranges.set(name, [Math.min(low, ...values), Math.max(high, ...values)]);
    }
  }
  strips.forEach(({ series }, index) => {
    chart(
      `strip-${index}`,
      series.map(({ name, values }) => {
        const [low, high] = ranges.get(name);
        return { name, points: values.map((value, frame) => [frame, (value - low) / (high - low || 1)]) };
      }),
      { xLabel: 'frame', yLabel: '', yRange: [-0.05, 1.05], height: 150, points: false },
    );
  });

  const films = [...document.querySelectorAll('.film')];
  const play = document.getElementById('play');
  const scrub = document.getElementById('scrub');
  const length = Math.max(0, ...films.map((film) => film.dataset.frames / film.dataset.fps));
  let seconds = 0;
  let playing = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  let last = performance.now();

  function show() {
    for (const film of films) {
      const { frames, fps } = film.dataset;
      const frame = Math.min(frames - 1, Math.floor(seconds * fps));
      film.style.backgroundPositionX = `-${frame * film.clientWidth}px`;
    }
  }
  function tick(now) {
    if (playing && length > 0) {
      // One second of rest at the end, then from the start again.
      seconds = (seconds + (now - last) / 1000) % (length + 1);
      scrub.value = String(Math.min(1000, (1000 * seconds) / length));
      show();
    }
    last = now;
    requestAnimationFrame(tick);
  }
  if (films.length > 0) {
    play.textContent = playing ? 'Pause' : 'Play';
    play.addEventListener('click', () => {
      playing = !playing;
      play.textContent = playing ? 'Pause' : 'Play';
    });
    scrub.addEventListener('input', () => {
      seconds = (Number(scrub.value) / 1000) * length;
      show();
    });
    requestAnimationFrame(tick);
  }
})();
