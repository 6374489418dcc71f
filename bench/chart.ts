/** The latency of one kind of request at several numbers of connections. */
export interface Curve {
  name: string;
  points: { connections: number; p50: number; p99: number }[];
}

const [width, height, left, top, right, bottom] = [760, 420, 60, 20, 230, 50];
const colours = ["#0072b2", "#56b4e9", "#d55e00", "#e69f00"]; // which colour-blind readers can also distinguish

/** Latency against load, both on logarithmic axes: p50 as a line, p99 dashed. */
export function chart(curves: Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const connections = [...new Set(points.map((point) => point.connections))];
  const latencies = points.flatMap(({ p50, p99 }) => [p50, p99]);
  const decades = [
    Math.floor(Math.log10(Math.min(...latencies))),
    Math.ceil(Math.log10(Math.max(...latencies))),
  ];
  const [low = 0, high = 1] = decades;
  const maxConnections = Math.log2(Math.max(...connections));
  const x = (value: number) => left + (Math.log2(value) / maxConnections) * (width - left - right);
  const y = (ms: number) => top + ((high - Math.log10(ms)) / (high - low)) * (height - top - bottom);

  const grid = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)).map(
    (ms) =>
      `<path d="M${left} ${y(ms)}H${width - right}" stroke="#ccc"/>` +
      `<text x="${left - 8}" y="${y(ms) + 4}" text-anchor="end">${ms}</text>`,
  );
  const ticks = connections.map(
    (count) => `<text x="${x(count)}" y="${height - bottom + 20}" text-anchor="middle">${count}</text>`,
  );
  const lines = curves.map(({ name, points: own }, index) => {
    const path = (of: "p50" | "p99") =>
      `M${own.map((point) => `${x(point.connections).toFixed(1)} ${y(point[of]).toFixed(1)}`).join("L")}`;
    const colour = colours[index % colours.length];
    const labelY = top + 20 + index * 22;
    return (
      `<g fill="none" stroke="${colour}" stroke-width="2"><path d="${path("p50")}"/>` +
      `<path d="${path("p99")}" stroke-dasharray="4 4"/>` +
      `<path d="M${width - right + 20} ${labelY}h24"/></g>` +
      `<text x="${width - right + 52}" y="${labelY + 4}">${name}</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>Latency against load</title>
<rect width="100%" height="100%" fill="#fff"/>
${[...grid, ...ticks, ...lines].join("\n")}
<text x="${left}" y="${height - 10}">connections; latency in ms: p50 solid, p99 dashed</text>
</svg>
`;
}
