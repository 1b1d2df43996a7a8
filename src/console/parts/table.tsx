// A table of any length: the rows in sight are rendered, the others are empty space. A row that opens something is reached by tab, then j and k
// or the arrows go through all of them, Enter opens.

import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

const ROW_PX = 29;
/** Rendered above and below what is in sight. */
const MARGIN_ROWS = 12;

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Of CSS; what is left over goes to columns without. */
  readonly width?: string;
  readonly isNumber?: boolean;
  /** Left out where there is little room. */
  readonly isWide?: boolean;
  /** What rows are sorted by when its title is pressed. */
  readonly by?: (row: Row) => string | number;
}

export interface TableProps<Row> {
  /** What is listed, for who cannot see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly openKey?: string | undefined;
  /** As high as its rows, instead of what the page has left. */
  readonly fits?: boolean;
  /** Stays at its end while rows come there, unless somebody scrolls back. */
  readonly followsEnd?: boolean;
}

interface Sorting {
  readonly column: number;
  readonly isDown: boolean;
}

export function Table<Row>({ label, columns, rows, keyOf, onOpen, openKey, fits = false, followsEnd = false }: TableProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<Sorting>();
  const sorted = useMemo(() => inOrder(rows, columns, sorting), [rows, columns, sorting]);
  const { first, last, measure } = useSight(box, sorted.length);
  const [active, setActive] = useState(0);
  const focusNext = useRef(false);
  const isAtEnd = useRef(true);
  const current = Math.min(active, Math.max(0, sorted.length - 1));

  useLayoutEffect(() => {
    if (followsEnd && isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
    measure();
  }, [followsEnd, sorted.length]);
  useEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    box.current?.querySelector<HTMLElement>(`tr[data-index="${current}"]`)?.focus();
  });

  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(sorted.length - 1, index));
    focusNext.current = true;
    setActive(next);
    reveal(box.current, next);
    measure();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLTableRowElement)) return;
    const row = sorted[current];
    if (event.key === "Enter" && row !== undefined) onOpen?.(row);
    else if (event.key in STEPS) moveTo(current + (STEPS[event.key] ?? 0));
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its rows have the focus
    <div
      class={fits ? "table fit" : "table"}
      ref={box}
      onScroll={() => {
        isAtEnd.current = isNearEnd(box.current);
        measure();
      }}
      onKeyDown={onOpen === undefined ? undefined : onKeyDown}
      {...scrollable(onOpen, label)}
    >
      <table aria-rowcount={sorted.length + 1} aria-label={label}>
        <Titles columns={columns} sorting={sorting} onSort={setSorting} />
        <tbody>
          <Gap rows={first} />
          {sorted.slice(first, last).map((row, offset) => {
            const index = first + offset;
            const isReached = index === current || (offset === 0 && (current < first || current >= last));
            const opens =
              onOpen === undefined
                ? {}
                : { tabIndex: isReached ? 0 : -1, onClick: clicked(() => onOpen(row)), onFocus: () => setActive(index) };
            return (
              <Row
                key={keyOf(row)}
                row={row}
                columns={columns}
                index={index}
                isOpen={openKey === undefined ? undefined : openKey === keyOf(row)}
                opens={opens}
              />
            );
          })}
          <Gap rows={sorted.length - last} />
        </tbody>
      </table>
    </div>
  );
}

interface TitlesProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly sorting: Sorting | undefined;
  readonly onSort: (sorting: Sorting) => void;
}

function Titles<Row>({ columns, sorting, onSort }: TitlesProps<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column, index) => (
          <Title
            key={column.title}
            column={column}
            sorting={sorting?.column === index ? sorting : undefined}
            onSort={(isDown) => onSort({ column: index, isDown })}
          />
        ))}
      </tr>
    </thead>
  );
}

interface RowProps<Of> {
  readonly row: Of;
  readonly columns: readonly Column<Of>[];
  readonly index: number;
  readonly isOpen: boolean | undefined;
  /** What makes it one that opens. */
  readonly opens: object;
}

function Row<Of>({ row, columns, index, isOpen, opens }: RowProps<Of>) {
  return (
    <tr data-index={index} aria-rowindex={index + 2} aria-selected={isOpen} {...opens}>
      {columns.map((column) => (
        <td key={column.title} class={classOf(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

const STEPS: { readonly [key: string]: number } = {
  j: 1,
  ArrowDown: 1,
  k: -1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: -1e9,
  End: 1e9,
};

/** Without rows that take the focus, the box takes it, to be scrolled by keys. */
function scrollable(onOpen: unknown, label: string): object {
  return onOpen === undefined ? { tabIndex: 0, role: "group", "aria-label": label } : {};
}

/** Unless a link or a button within was meant, or text was marked. */
function clicked(open: () => void) {
  return (event: MouseEvent) => {
    const isInner = event.target instanceof Element && event.target.closest("a, button, input") !== null;
    if (!isInner && getSelection()?.isCollapsed !== false) open();
  };
}

function Title<Row>({ column, sorting, onSort }: { column: Column<Row>; sorting: Sorting | undefined; onSort: (isDown: boolean) => void }) {
  const sorted = sorting === undefined ? undefined : sorting.isDown ? "descending" : "ascending";
  const next = sorting === undefined ? column.isNumber === true : !sorting.isDown;
  const mark = sorting === undefined ? "" : sorting.isDown ? " ↓" : " ↑";
  const style = column.width === undefined ? {} : { style: { width: column.width } };
  if (column.title === "") return <td class="title" {...style} />;
  return (
    <th scope="col" class={classOf(column)} aria-sort={sorted} {...style}>
      {column.by === undefined ? (
        column.title
      ) : (
        <button type="button" onClick={() => onSort(next)}>
          {column.title}
          {mark}
        </button>
      )}
    </th>
  );
}

function Gap({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="gap">
      <td style={{ height: `${rows * ROW_PX}px` }} />
    </tr>
  );
}

function classOf<Row>({ isNumber, isWide }: Column<Row>): string {
  return [isNumber === true ? "number" : "", isWide === true ? "wide" : ""].join(" ").trim();
}

function inOrder<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | undefined): readonly Row[] {
  const by = sorting === undefined ? undefined : columns[sorting.column]?.by;
  if (by === undefined) return rows;
  const sign = sorting?.isDown === true ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  keyed.sort((one, other) => sign * (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  return keyed.map(({ row }) => row);
}

/** Which rows are rendered: `first` to before `last`. */
function useSight(box: { readonly current: HTMLDivElement | null }, count: number) {
  const [sight, setSight] = useState({ top: 0, height: 900 });
  const measure = () => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    const top = Math.floor(scrollTop / ROW_PX);
    const height = clientHeight === 0 ? 900 : clientHeight;
    setSight((old) => (old.top === top && old.height === height ? old : { top, height }));
  };
  useEffect(() => {
    if (box.current === null) return undefined;
    const observer = new ResizeObserver(measure);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.min(sight.top, count - 1) - MARGIN_ROWS);
  return { first, last: Math.min(count, sight.top + Math.ceil(sight.height / ROW_PX) + MARGIN_ROWS), measure };
}

function isNearEnd(box: HTMLDivElement | null): boolean {
  return box === null || box.scrollHeight - box.scrollTop - box.clientHeight < 2 * ROW_PX;
}

function reveal(box: HTMLDivElement | null, index: number): void {
  if (box === null) return;
  const top = index * ROW_PX;
  const room = box.clientHeight - 2 * ROW_PX;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top > box.scrollTop + room) box.scrollTop = top - room;
}
