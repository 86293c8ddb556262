/**
 * How far a provider's numbers may lie from the CPU's, as a share of the CPU's own size. Half precision through thirty
 * layers, or 8-bit activations on the CPU's side, give up to a few hundredths; a driver that computes nonsense gives one
 * and more. Of speech only the loudness is compared, since Kokoro adds noise to it on purpose.
 */
const LARGEST_DISTANCE = 0.15;

/** Root mean square of `values - reference`, relative to that of `reference`; Infinity when lengths or numbers are odd. */
export function distance(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length || values.length === 0) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    difference += (values[i]! - reference[i]!) ** 2;
    size += reference[i]! ** 2;
  }
  const relative = Math.sqrt(difference / size);
  return Number.isFinite(relative) ? relative : Number.POSITIVE_INFINITY;
}

/** By graph: what it computed. */
export type Samples = Readonly<Record<string, Float32Array>>;

/** Why `samples` are not what the CPU computes, as a sentence; null when they are. */
export function disagreement(samples: Samples, reference: Samples): string | null {
  for (const [graph, expected] of Object.entries(reference)) {
    const found = distance(samples[graph] ?? new Float32Array(), expected);
    if (found <= LARGEST_DISTANCE) continue;
    const amount = Number.isFinite(found) ? `${Math.round(found * 100)} % away from` : "not comparable with";
    return `It computes wrong numbers: those of ${graph} are ${amount} the processor's.`;
  }
  return null;
}

/** At most `count` of `values`, evenly spread: enough to tell right from wrong, little to send. */
export function thinned(values: Float32Array, count: number): Float32Array {
  const stride = Math.max(1, Math.ceil(values.length / count));
  return Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]!);
}
