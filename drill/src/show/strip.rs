//! The strip: who served the visitors, one cell a stretch of time.
//!
//! A cell in which a visitor was lost is dark, whoever served the others.

use std::time::{Duration, Instant};

use sandbox::{Served, visitors::Visited};

use super::{
    layout,
    style::{Paint, Style},
};

/// What visitors saw in one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nobody came, or nobody is back yet.
    Empty,
    /// The primary served them.
    Primary,
    /// The standby did.
    Standby,
    /// At least one was lost.
    Lost,
}

impl Cell {
    fn of(visit: &Visited) -> Self {
        match visit.served {
            Served::Primary | Served::Somebody => Self::Primary,
            Served::Standby => Self::Standby,
            Served::Nobody(_) => Self::Lost,
        }
    }

    fn sign(self) -> (&'static str, &'static str, Paint) {
        match self {
            Self::Empty => (" ", " ", Paint::Plain),
            Self::Primary => ("█", "#", Paint::Good),
            Self::Standby => ("▓", "=", Paint::Standby),
            Self::Lost => ("▁", "_", Paint::Bad),
        }
    }
}

/// Who served this visitor, in a word.
pub(crate) fn who(visit: Option<&Visited>) -> &'static str {
    match visit.map(|visit| &visit.served) {
        None => "",
        Some(Served::Primary) => "the primary",
        Some(Served::Standby) => "the standby",
        Some(Served::Somebody) => "somebody",
        Some(Served::Nobody(_)) => "nobody",
    }
}

/// The cells from `from` on, each of this length.
pub(crate) fn cells(visits: &[Visited], from: Instant, cell: Duration, number: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::Empty; number];
    for visit in visits {
        let Some(since) = visit.began.checked_duration_since(from) else { continue };
        let index = usize::try_from(since.as_nanos() / cell.as_nanos().max(1)).unwrap_or(usize::MAX);
        if let Some(place) = cells.get_mut(index)
            && *place != Cell::Lost
        {
            *place = Cell::of(visit);
        }
    }
    cells
}

/// The latest cells, as many as there is room for; from the left until the room is used up.
pub(crate) fn latest(visits: &[Visited], now: Instant, cell: Duration, room: usize) -> Vec<Cell> {
    let Some(first) = visits.iter().map(|visit| visit.began).min() else { return Vec::new() };
    let passed = now.saturating_duration_since(first).as_nanos() / cell.as_nanos().max(1);
    let passed = u32::try_from(passed).unwrap_or(u32::MAX).saturating_add(1);
    let shown = passed.min(u32::try_from(room).unwrap_or(u32::MAX));
    cells(visits, first + cell.saturating_mul(passed - shown), cell, shown as usize)
}

/// The cells as signs, in their colours.
pub(crate) fn paint(cells: &[Cell], style: &Style) -> String {
    let runs = cells.chunk_by(|one, other| one == other);
    runs.map(|run| {
        let (sign, ascii, paint) = run[0].sign();
        style.paint(paint, &style.sign(sign, ascii).repeat(run.len()))
    })
    .collect()
}

/// The whole story as one strip, with its time and who is who below.
pub(crate) fn timeline(visits: &[Visited], style: &Style) -> String {
    let began = || visits.iter().map(|visit| visit.began);
    let (Some(first), Some(last)) = (began().min(), began().max()) else { return String::new() };
    let room = style.width.saturating_sub(4);
    let cell = (last - first) / u32::try_from(room).unwrap_or(1).max(1) + Duration::from_nanos(1);
    let mut cells = cells(visits, first, cell, room);
    // A stretch in which nobody came is as the one before it.
    for index in 1..cells.len() {
        if cells[index] == Cell::Empty {
            cells[index] = cells[index - 1];
        }
    }
    let axis = style.paint(Paint::Faint, &axis(cell, room));
    format!("  {}\n  {axis}\n  {}\n", paint(&cells, style), legend(style))
}

/// The seconds below a strip, as many as fit.
fn axis(cell: Duration, room: usize) -> String {
    let whole = cell.as_millis().max(1) * room as u128;
    let most = (room as u128 / 6).clamp(1, 9);
    let step =
        [1_u128, 2, 5, 10, 20, 30, 60].into_iter().find(|step| whole / (step * 1000) < most).unwrap_or(120);
    let mut out = String::new();
    for second in (0_u128..).step_by(usize::try_from(step).unwrap_or(1)) {
        let column = usize::try_from(second * 1000 / cell.as_millis().max(1)).unwrap_or(room);
        let label = format!("{second} s");
        if column + label.len() > room {
            break;
        }
        out.push_str(&" ".repeat(column.saturating_sub(out.len())));
        out.push_str(&label);
    }
    out
}

fn legend(style: &Style) -> String {
    let entries = [
        (Cell::Primary, "the primary serves"),
        (Cell::Lost, "nobody does"),
        (Cell::Standby, "the standby does"),
    ];
    let told =
        entries.map(|(cell, text)| format!("{} {}", paint(&[cell], style), text.replace(' ', "\u{a0}")));
    layout::wrap(&told.join("   "), style.width.saturating_sub(4)).join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(start: Instant, millis: u64, served: Served) -> Visited {
        let began = start + Duration::from_millis(millis);
        Visited { began, ended: began, served }
    }

    #[test]
    fn a_cell_in_which_somebody_was_lost_is_dark() {
        let start = Instant::now();
        let nobody = || Served::Nobody("521".to_owned());
        let visits = [
            visit(start, 0, Served::Primary),
            visit(start, 110, nobody()),
            visit(start, 120, Served::Standby),
            visit(start, 310, Served::Standby),
        ];
        let seen = cells(&visits, start, Duration::from_millis(100), 4);
        assert_eq!(seen, [Cell::Primary, Cell::Lost, Cell::Empty, Cell::Standby]);
    }

    #[test]
    fn the_latest_cells_are_shown_once_there_is_no_more_room() {
        let start = Instant::now();
        let visits = [visit(start, 0, Served::Primary), visit(start, 900, Served::Standby)];
        let now = start + Duration::from_millis(950);
        let cell = Duration::from_millis(100);
        assert_eq!(latest(&visits, now, cell, 20).len(), 10);
        assert_eq!(latest(&visits, now, cell, 2), [Cell::Empty, Cell::Standby]);
    }
}
