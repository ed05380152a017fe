/** The value below which `share` of them lie, by the nearest rank. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A line through points by least squares, and how sure its slope is. */
export type Slope = { readonly perX: number; readonly standardError: number };

/** Of three points or more. */
export function slope(points: readonly (readonly [x: number, y: number])[]): Slope {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  let sxx = 0;
  let sxy = 0;
  for (const [x, y] of points) {
    sxx += (x - meanX) ** 2;
    sxy += (x - meanX) * (y - meanY);
  }
  const perX = sxy / sxx;
  const residuals = points.reduce((sum, [x, y]) => sum + (y - meanY - perX * (x - meanX)) ** 2, 0);
  return { perX, standardError: Math.sqrt(residuals / (points.length - 2) / sxx) };
}
