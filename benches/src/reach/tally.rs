//! Counts rounds, and tells a cell when its last round is done.

use std::collections::{BTreeMap, VecDeque};

use super::cell_args::CellArgs;
use super::cells::Outcome;
use crate::figure::{Figures, quantile};

/// All cells.
pub(crate) struct Tally {
    cells: BTreeMap<String, Cell>,
    /// Rounds that are done.
    pub(crate) counted: usize,
}

#[derive(Default)]
struct Cell {
    rounds: usize,
    done: usize,
    well: usize,
    figures: BTreeMap<String, Vec<f64>>,
    by: BTreeMap<String, usize>,
}

impl Tally {
    pub(crate) fn of(rounds: &VecDeque<CellArgs>) -> Tally {
        let mut cells: BTreeMap<String, Cell> = BTreeMap::new();
        for round in rounds {
            cells.entry(round.to_string()).or_default().rounds += 1;
        }
        Tally { cells, counted: 0 }
    }

    pub(crate) fn count(&mut self, round: &CellArgs, outcome: Option<Outcome>) {
        self.counted += 1;
        let name = round.to_string();
        let Some(cell) = self.cells.get_mut(&name) else { return };
        cell.done += 1;
        let by = outcome.as_ref().map_or("fault", |outcome| &outcome.by);
        *cell.by.entry(by.to_owned()).or_default() += 1;
        if let Some(outcome) = outcome {
            cell.well += usize::from(outcome.well);
            for (figure, value) in outcome.figures {
                cell.figures.entry(figure).or_default().push(value);
            }
        }
        if cell.done == cell.rounds {
            cell.tell(&name);
        }
    }
}

impl Cell {
    fn tell(&mut self, name: &str) {
        let unit = format!("of {}", self.rounds);
        let mut figures = Figures;
        figures.put(&format!("reach_{name}_well"), self.well as f64, &unit);
        for (by, count) in &self.by {
            figures.put(&format!("reach_{name}_by_{by}"), *count as f64, &unit);
        }
        for (figure, values) in &mut self.figures {
            let unit = figure.rsplit('_').next().unwrap_or_default().to_owned();
            figures.put(&format!("reach_{name}_{figure}"), quantile(values, 0.5), &unit);
            if let Some(stem) = figure.strip_suffix("_p50_ms") {
                figures.put(&format!("reach_{name}_{stem}_p95_ms"), quantile(values, 0.95), "ms");
            }
        }
    }
}
