import { lookOf, shapePath, type AnyStatus, type Tone } from './state.ts';

/** Side of a cell with its gap, and of the shape in it, px. */
export const PITCH = 16;
const BOX = 12;

export interface CellLook<Status extends AnyStatus = AnyStatus> {
  id: string;
  name: string;
  status: Status;
}

/** Where cells stand: in lines of `columns`. */
export interface Grid {
  columns: number;
  lines: number;
}

export function gridFor(count: number, width: number): Grid {
  const columns = Math.max(1, Math.floor(width / PITCH));
  return { columns, lines: Math.ceil(count / columns) };
}

/** Top left corner of a cell, px. */
export function place(index: number, { columns }: Grid): { x: number; y: number } {
  return { x: (index % columns) * PITCH, y: Math.floor(index / columns) * PITCH };
}

/** The cell at a point (px from the top left), or undefined where there is none. */
export function cellAt(x: number, y: number, count: number, { columns }: Grid): number | undefined {
  const column = Math.floor(x / PITCH);
  const index = Math.floor(y / PITCH) * columns + column;
  return column >= 0 && column < columns && index >= 0 && index < count ? index : undefined;
}

/**
 * All cells as one SVG path a tone, whatever their number; those that `fades` names have paths of their own.
 */
export function cellPaths<Cell extends CellLook>(
  cells: readonly Cell[],
  grid: Grid,
  fades: (cell: Cell) => boolean,
): { tone: Tone; faded: boolean; d: string }[] {
  const paths = new Map<string, { tone: Tone; faded: boolean; d: string }>();
  const inset = (PITCH - BOX) / 2;
  cells.forEach((cell, index) => {
    const { shape, tone } = lookOf(cell.status);
    const faded = fades(cell);
    const key = `${tone} ${faded}`;
    const path = paths.get(key) ?? { tone, faded, d: '' };
    const { x, y } = place(index, grid);
    path.d += shapePath(shape, x + inset, y + inset);
    paths.set(key, path);
  });
  return [...paths.values()];
}

/** Where a key leads from a cell; undefined: out of this grid, in the direction of the key. */
export function step(key: string, index: number, count: number, { columns }: Grid): number | undefined {
  const to = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - columns,
    ArrowDown: Math.min(index + columns, onLastLine(index, count, columns) ? Infinity : count - 1),
    Home: 0,
    End: count - 1,
  }[key];
  return to !== undefined && to >= 0 && to < count ? to : undefined;
}

function onLastLine(index: number, count: number, columns: number): boolean {
  return Math.floor(index / columns) === Math.floor((count - 1) / columns);
}
