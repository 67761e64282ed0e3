//! What came of it, for people.

use std::fmt;

use ca_record::Difference;

use crate::model::Model;

/// What came of playing a recorded router.
#[derive(Debug)]
pub struct Verdict {
    /// The release of the router.
    pub release: String,
    /// The door that it was asked through.
    pub door: &'static str,
    /// The model that is nearest to it.
    pub model: Model,
    /// How many answers were compared.
    pub compared: usize,
    /// Questions without an answer.
    pub untold: Vec<String>,
    /// What differs.
    pub found: Vec<Found>,
    /// Assumptions with the one answer that agrees best.
    pub settled: Vec<(&'static str, &'static str)>,
    /// Assumptions of which the record says nothing.
    pub open: Vec<&'static str>,
}

/// Something that the simulator does otherwise.
#[derive(Debug)]
pub struct Found {
    /// What.
    pub difference: Difference,
    /// Assumptions, and answers to them, with which it is as the router has it.
    pub agreeing: Vec<(&'static str, &'static str)>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} over {}, against the model {}: {} answers compared, {} differences",
            self.release,
            self.door,
            self.model.name(),
            self.compared,
            self.found.len()
        )?;
        for found in &self.found {
            let Difference {
                exchange,
                subject,
                device,
                simulator,
            } = &found.difference;
            writeln!(f, "{exchange}, {subject}:")?;
            writeln!(f, "    the router: {device}")?;
            writeln!(f, "    the simulator: {simulator}")?;
            for (key, value) in &found.agreeing {
                writeln!(f, "    --assume {key}={value} agrees")?;
            }
            if found.agreeing.is_empty() {
                writeln!(f, "    no assumption explains it")?;
            }
        }
        let settled = self.settled.iter();
        let settled: Vec<String> = settled
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        for (what, words) in [
            ("settled by it", settled.join(", ")),
            ("not settled by it", self.open.join(", ")),
            ("not told", self.untold.join(", ")),
        ] {
            if !words.is_empty() {
                writeln!(f, "{what}: {words}")?;
            }
        }
        Ok(())
    }
}
