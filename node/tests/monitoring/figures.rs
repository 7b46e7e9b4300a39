//! Every figure of a node, as its ops port names it.

use amanah_node::metrics::Metrics;

/// How a figure behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows while the process runs.
    Counter,
    /// Comes and goes.
    Gauge,
    /// How often values lay below each of some bounds.
    Histogram,
}

/// A figure of a node.
#[derive(Debug)]
pub(crate) struct Figure {
    /// Its name at the port: with the prefix, and with `_total` if it is a counter.
    pub(crate) name: String,
    /// What it says.
    pub(crate) help: String,
    pub(crate) kind: Kind,
    /// Names of its labels.
    pub(crate) labels: Vec<String>,
}

/// All of them, in the order of their registration.
pub(crate) fn all() -> Vec<Figure> {
    parse(&Metrics::sample().text())
}

/// Reads OpenMetrics: a figure begins with its help, goes on with its type and has a sample.
fn parse(text: &str) -> Vec<Figure> {
    let mut found: Vec<Figure> = Vec::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            let help = help.trim_end_matches('.').to_owned();
            found.push(Figure { name: name.to_owned(), help, kind: Kind::Gauge, labels: Vec::new() });
        } else if let Some((_, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let figure = found.last_mut().expect("help comes before type");
            figure.kind = match kind {
                "counter" => Kind::Counter,
                "gauge" => Kind::Gauge,
                "histogram" => Kind::Histogram,
                other => panic!("{}: the board knows no {other}", figure.name),
            };
        } else if !line.starts_with('#') {
            let figure = found.last_mut().expect("help comes before samples");
            let (sample, _) = line.rsplit_once(' ').expect("a name and a value");
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            if figure.kind == Kind::Histogram {
                // Its samples are named after what they are of it.
                continue;
            }
            figure.name = name.to_owned();
            let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split('=').next());
            figure.labels = labels.filter(|label| !label.is_empty()).map(str::to_owned).collect();
        }
    }
    found
}
