import { expect, it } from 'vitest';
import { PITCH, cellAt, cellPaths, gridFor, place, step, type CellLook } from './cells.ts';

const grid = gridFor(7, 3 * PITCH + 5);

it('lays cells out in lines', () => {
  expect(grid).toEqual({ columns: 3, lines: 3 });
  expect(place(4, grid)).toEqual({ x: PITCH, y: PITCH });
  expect(gridFor(7, 1)).toEqual({ columns: 1, lines: 7 });
});

it('finds the cell at a point', () => {
  for (let index = 0; index < 7; index++) {
    const { x, y } = place(index, grid);
    expect(cellAt(x + 1, y + PITCH - 1, 7, grid)).toBe(index);
  }
  expect(cellAt(2 * PITCH, 2 * PITCH, 7, grid)).toBeUndefined();
  expect(cellAt(3 * PITCH + 1, 0, 7, grid)).toBeUndefined();
  expect(cellAt(-1, 0, 7, grid)).toBeUndefined();
});

it('leads keys through the cells and out at the edges', () => {
  expect(step('ArrowRight', 0, 7, grid)).toBe(1);
  expect(step('ArrowLeft', 0, 7, grid)).toBeUndefined();
  expect(step('ArrowRight', 6, 7, grid)).toBeUndefined();
  expect(step('ArrowUp', 1, 7, grid)).toBeUndefined();
  expect(step('ArrowDown', 1, 7, grid)).toBe(4);
  // The last line is short: down leads to its end, and from it out.
  expect(step('ArrowDown', 5, 7, grid)).toBe(6);
  expect(step('ArrowDown', 6, 7, grid)).toBeUndefined();
  expect(step('Home', 5, 7, grid)).toBe(0);
  expect(step('End', 5, 7, grid)).toBe(6);
});

it('draws one path a colour, however many cells there are', () => {
  const cells = Array.from({ length: 10_000 }, (_, n): CellLook => ({
    id: `${n}`,
    name: `n-${n}`,
    status: n === 5 ? 'DOWN' : 'RUNNING',
  }));
  const paths = cellPaths(cells, gridFor(cells.length, 1600), () => false);
  expect(paths.map(({ tone, faded }) => [tone, faded])).toEqual([
    ['ok', false],
    ['bad', false],
  ]);
  const faded = cellPaths(cells, gridFor(cells.length, 1600), ({ status }) => status !== 'DOWN');
  expect(faded.find(({ tone }) => tone === 'ok')?.faded).toBe(true);
});
