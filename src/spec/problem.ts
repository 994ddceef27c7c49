/** Where something stands. `line` and `col` count from 1; 0 means the file as a whole. */
export type Position = { file: string; line: number; col: number }

/** A finding that a person can fix in a file. */
export type Problem = Position & { message: string }

/** `lb.yaml:12:19  vips.api.virtualRouterId is 300; a virtual router id is 1-255` */
export function formatProblem(problem: Problem): string {
  const where = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.col}`
  return `${where}  ${problem.message}`
}
