/**
 * Sine and cosine from additions and multiplications alone, so that they have the same bits in every JavaScript engine
 * (`Math.sin` has not), correctly rounded but for about one angle in 10,000. The contact solver turns a last bit into
 * a visible difference where a joint rests exactly at its limit.
 *
 * Method: the angle less a multiple of pi/2, as a sum of two doubles, less a multiple of 1/64 whose sine and cosine are
 * tabled as sums of two doubles; then the addition theorem with short series (Gal and Bachelis, ACM TOMS 17(1), 1991).
 */

/** An angle in radians, |angle| < 1e6, with its cosine and sine. */
export interface Rotation {
  angle: number;
  cosine: number;
  sine: number;
}

const STEPS = 64;
/** 2^27 + 1: splits a double into two halves whose products are exact (Dekker 1971). */
const SPLITTER = 134217729;
/** pi/2 in three parts of at most 33, 33 and 53 bits, so that small multiples of the first two are exact. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;

/** Of k / 64, four numbers from 4 k on: the sine's two parts, the cosine's two parts. */
const table = makeTable();

/** Brings cosine and sine in line with the angle. */
export function updateRotation(rotation: Rotation): void {
  const { angle } = rotation;
  const quarter = Math.round(angle / (Math.PI / 2));
  // remainder = angle - quarter * pi / 2 as high + low.
  let high = angle;
  let low = 0;
  if (quarter !== 0) {
    const exact = angle - quarter * HALF_PI_1;
    const second = quarter * HALF_PI_2;
    high = exact - second;
    low = exact - high - second - quarter * HALF_PI_3;
    const sum = high + low;
    low = high - sum + low;
    high = sum;
  }
  const step = Math.round(Math.abs(high) * STEPS);
  const negative = high < 0;
  const offset = (negative ? -high : high) - step / STEPS;
  const offsetLow = negative ? -low : low;

  const at = 4 * step;
  const tableSine = table[at]!;
  const tableSineLow = table[at + 1]!;
  const tableCosine = table[at + 2]!;
  const tableCosineLow = table[at + 3]!;
  const square = offset * offset;
  // sin(offset) = offset + sineRest, cos(offset) = 1 - cosineRest.
  const sineRest = offsetLow - offset * square * (1 / 6 - square * (1 / 120 - square * (1 / 5040)));
  const cosineRest = square * (0.5 - square * (1 / 24 - square * (1 / 720))) + offset * offsetLow;

  const sine = sumOf(
    tableSine,
    tableCosine,
    offset,
    tableSineLow + (tableCosineLow * offset + tableCosine * sineRest - tableSine * cosineRest),
  );
  const cosine = sumOf(
    tableCosine,
    -tableSine,
    offset,
    tableCosineLow - (tableSineLow * offset + tableSine * sineRest + tableCosine * cosineRest),
  );
  const signedSine = negative ? -sine : sine;
  switch (quarter & 3) {
    case 0:
      rotation.sine = signedSine;
      rotation.cosine = cosine;
      return;
    case 1:
      rotation.sine = cosine;
      rotation.cosine = -signedSine;
      return;
    case 2:
      rotation.sine = -signedSine;
      rotation.cosine = -cosine;
      return;
    default:
      rotation.sine = -cosine;
      rotation.cosine = signedSine;
  }
}

/** A rotation by an angle in radians. */
export function rotationOf(angle: number): Rotation {
  const rotation = { angle, cosine: 1, sine: 0 };
  updateRotation(rotation);
  return rotation;
}

/** first + a * b + rest, rounded once but for the tiny error of `rest`. */
function sumOf(first: number, a: number, b: number, rest: number): number {
  const product = a * b;
  const aBig = SPLITTER * a;
  const aHigh = aBig - (aBig - a);
  const aLow = a - aHigh;
  const bBig = SPLITTER * b;
  const bHigh = bBig - (bBig - b);
  const bLow = b - bHigh;
  const productLow = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  const sum = first + product;
  const part = sum - first;
  const sumLow = first - (sum - part) + (product - part);
  return sum + (sumLow + productLow + rest);
}

/** Table entries in 192-bit fixed point, from the power series. */
function makeTable(): Float64Array {
  const one = 1n << 192n;
  const last = Math.ceil((Math.PI / 4) * STEPS) + 1;
  const entries = new Float64Array(4 * (last + 1));
  for (let step = 0; step <= last; step++) {
    const x = (one * BigInt(step)) / BigInt(STEPS);
    let term = one;
    let sine = 0n;
    let cosine = 0n;
    for (let power = 0n; term !== 0n; power++) {
      const sign = (power >> 1n) % 2n === 0n ? 1n : -1n;
      if (power % 2n === 0n) cosine += sign * term;
      else sine += sign * term;
      term = (term * x) / one / (power + 1n);
    }
    entries.set([...split(sine), ...split(cosine)], 4 * step);
  }
  return entries;
}

/** A number in 192-bit fixed point as the sum of a double and a rest. */
function split(fixed: bigint): [high: number, low: number] {
  const scale = 2 ** 64;
  // 128 bits below the point fit: Number() of a BigInt rounds to nearest.
  const high = Number(fixed >> 64n) / scale / scale;
  const rest = fixed - (toFixed(high) ?? 0n);
  return [high, Number(rest >> 32n) / scale / scale / 2 ** 32];
}

/** A double in [0, 2) in 192-bit fixed point, exactly. */
function toFixed(value: number): bigint {
  // A double of at least 2^-7 has no bit below 2^-60.
  return BigInt(value * 2 ** 62) << 130n;
}
