"""The figures as a table and as JSON."""

import statistics


def _number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cell(values):
    if not values:
        return ""
    text = _number(statistics.median(values))
    return text if len(values) == 1 else f"{text} ({_number(min(values))}–{_number(max(values))})"


def ratio(row, name):
    """How many times nginx's value: the median over the rounds, each against nginx in the same round."""
    pairs = zip(row.values.get(name, []), row.values.get("nginx", []))
    ratios = [value / baseline for value, baseline in pairs if baseline > 0]
    return statistics.median(ratios) if row.ratio and ratios else None


def table(rows):
    """Lines of text: a column for each gateway, median (lowest–highest) over the rounds, and its ratio to nginx."""
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    grid = [["", *names]]
    for row in rows:
        grid.append([row.measure])
        for name in names:
            times = ratio(row, name) if name not in ("nginx", "direct") else None
            grid[-1].append(_cell(row.values.get(name, [])) + (f"  {times:6.2f} ×" if times is not None else ""))
    widths = [max(len(line[column]) for line in grid) for column in range(len(names) + 1)]
    lines = []
    for line in grid:
        cells = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        lines.append("   ".join(["  " + line[0].ljust(widths[0]), *cells]))
    for row in rows:
        for name, counts in row.notes.items():
            lines.append(f"  {row.measure}, {name}: " + ", ".join(f"{call} {count}" for call, count in counts.items()))
    return "\n".join(lines)


def figures(rows):
    """The same as values that JSON can hold."""
    return [
        {
            "measure": row.measure,
            "values": row.values,
            "median": {name: statistics.median(values) for name, values in row.values.items()},
            "ratio_to_nginx": {name: times for name in row.values if (times := ratio(row, name)) is not None},
            "system_calls": row.notes,
        }
        for row in rows
    ]
