// A first reading of a registry's serial range while it is typed. The service reads it again, and decides.
export type ReadRange = { first: string; last: string; count: bigint };

const PAIR = /(\d+)\s*(?:-|–|\bto\b|_)\s*(\d+)/g;

/** Return the last pair of numbers in the text that can be a range, such as `…-1-16000` or `1 to 500`; else null. */
export function readRange(text: string): ReadRange | null {
  const line = text.trim();
  const found: { start: number; end: number; first: string; last: string }[] = [];
  // Pairs may overlap, as in 30646-1-16000, so the search goes on from the second number of each.
  PAIR.lastIndex = 0;
  for (let match = PAIR.exec(line); match; match = PAIR.exec(line)) {
    const [whole, first, last] = match as unknown as [string, string, string];
    const end = match.index + whole.length;
    found.push({ start: match.index, end, first, last });
    PAIR.lastIndex = end - last.length;
  }
  const pairs = found.filter(({ first, last }) => BigInt(first) <= BigInt(last));
  // A pair at the end is the range of most registries; the widest one is that of those that state it amid other facts.
  const pair = pairs.find(({ end }) => end === line.length) ?? pairs.sort((a, b) => width(b) - width(a))[0];
  if (!pair) return null;
  const [before, after] = [line.slice(0, pair.start), line.slice(pair.end)];
  return {
    first: before + pair.first + after,
    last: before + pair.last + after,
    count: BigInt(pair.last) - BigInt(pair.first) + 1n,
  };
}

const width = ({ first, last }: { first: string; last: string }) => first.length + last.length;
