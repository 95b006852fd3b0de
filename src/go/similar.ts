/**
 * The candidates most like `word`, best first: by the share of two-letter pieces, counting those of the last part
 * (`work` of `main.(*Queue).work`) twice. For messages about names that do not exist.
 */
export function mostSimilar(word: string, candidates: Iterable<string>, count: number): string[] {
  const wanted = pieces(word.toLowerCase());
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of candidates) {
    const score = likeness(wanted, pieces(candidate.toLowerCase()));
    if (score > 0.2) scored.push({ candidate, score });
  }
  scored.sort((a, b) => b.score - a.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, count).map(({ candidate }) => candidate);
}

function pieces(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const padded = `^${text}$`;
  const last = Math.max(text.lastIndexOf('.'), text.lastIndexOf('/'));
  for (let i = 0; i + 2 <= padded.length; i++) found.set(padded.slice(i, i + 2), i > last ? 2 : 1);
  return found;
}

function likeness(a: Map<string, number>, b: Map<string, number>): number {
  let shared = 0;
  let all = 0;
  for (const [piece, weight] of a) {
    all += weight;
    shared += 2 * Math.min(weight, b.get(piece) ?? 0);
  }
  for (const weight of b.values()) all += weight;
  return all === 0 ? 0 : shared / all;
}
