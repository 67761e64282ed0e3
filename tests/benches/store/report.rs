//! What was measured, and what is wanted.

/// The figures in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Figure>);

#[derive(Debug)]
struct Figure {
    what: &'static str,
    measured: String,
    ratio: Option<f64>,
    wanted: Wanted,
    is_met: bool,
}

/// What a ratio, or the measured value itself, has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

impl Report {
    /// Adds a value over its floor.
    pub(crate) fn ratio(
        &mut self,
        what: &'static str,
        measured: String,
        ratio: f64,
        wanted: Wanted,
    ) {
        self.add(what, measured, Some(ratio), wanted, ratio);
    }

    /// Adds a value in the unit that is wanted.
    pub(crate) fn value(
        &mut self,
        what: &'static str,
        value: f64,
        unit: &'static str,
        wanted: Wanted,
    ) {
        self.add(what, format!("{value:.2} {unit}"), None, wanted, value);
    }

    fn add(
        &mut self,
        what: &'static str,
        measured: String,
        ratio: Option<f64>,
        wanted: Wanted,
        judged: f64,
    ) {
        let is_met = match wanted {
            Wanted::AtLeast(least) => judged >= least,
            Wanted::AtMost(most) => judged <= most,
        };
        self.0.push(Figure {
            what,
            measured,
            ratio,
            wanted,
            is_met,
        });
    }

    pub(crate) fn is_met(&self) -> bool {
        self.0.iter().all(|figure| figure.is_met)
    }

    pub(crate) fn print(&self, certificates: u32) {
        println!("\nwith {certificates} certificates in the full store:\n");
        println!("{:<56} {:>24} {:>6}  wanted", "what", "measured", "ratio");
        for figure in &self.0 {
            let ratio = figure
                .ratio
                .map(|ratio| format!("{ratio:.2}"))
                .unwrap_or_default();
            let wanted = match figure.wanted {
                Wanted::AtLeast(least) => format!("at least {least}"),
                Wanted::AtMost(most) => format!("at most {most}"),
            };
            let verdict = if figure.is_met { "" } else { "  MISSED" };
            println!(
                "{:<56} {:>24} {ratio:>6}  {wanted}{verdict}",
                figure.what, figure.measured
            );
        }
    }
}
