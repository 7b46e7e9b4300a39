//! The board that `docker-compose.yml` gives to Grafana: first what an operator looks at, then every figure there is.

use crate::figures::{Figure, Kind};
use serde_json::{Value, json};

/// Columns of a board.
const COLUMNS: usize = 24;

/// A single number on top.
struct Summary {
    title: &'static str,
    says: &'static str,
    expression: &'static str,
    /// Which values are bad.
    bad: Bad,
}

/// Which values of a summary call for somebody.
enum Bad {
    Below(f64),
    From(f64),
    None,
}

const SUMMARIES: [Summary; 8] = [
    Summary {
        title: "Nodes that do not answer",
        says: "Nodes whose operator's port does not answer Prometheus.",
        expression: r#"count(up{job="amanah"}) - sum(up{job="amanah"})"#,
        bad: Bad::From(1.0),
    },
    Summary {
        title: "Height",
        says: "Height of the newest final block that any node has.",
        expression: "max(amanah_height)",
        bad: Bad::None,
    },
    Summary {
        title: "Blocks behind",
        says: "How far the last node is behind the first.",
        expression: "max(amanah_height) - min(amanah_height)",
        bad: Bad::From(3.0),
    },
    Summary {
        title: "Transactions waiting",
        says: "The most that wait at one node. A silent ledger with none is healthy.",
        expression: "max(amanah_mempool_txs)",
        bad: Bad::None,
    },
    Summary {
        title: "Votes to spare",
        says: "Validators that the loneliest node hears, beyond those a quorum needs.",
        expression: "min(amanah_peers + 1 - (amanah_validators - floor((amanah_validators - 1) / 3)))",
        bad: Bad::Below(0.0),
    },
    Summary {
        title: "Damage found",
        says: "Damaged records and rebuilt databases since each process began.",
        expression: "sum(amanah_scrub_errors_total) + sum(amanah_store_rebuilds_total)",
        bad: Bad::From(1.0),
    },
    Summary {
        title: "Contradictions",
        says: "Ways in which the ledger proves that a member's validator contradicted itself.",
        expression: "max(sum by (hospital) (amanah_contradictions)) or vector(0)",
        bad: Bad::From(1.0),
    },
    Summary {
        title: "Free disk",
        says: "The smallest free part of a node's disk.",
        expression: "min(amanah_disk_free_ratio)",
        bad: Bad::Below(0.15),
    },
];

/// The board as Grafana reads it, for these figures.
pub(crate) fn board(figures: &[Figure]) -> String {
    let mut panels = vec![row(1, "At a glance", 0)];
    let width = COLUMNS / SUMMARIES.len();
    panels.extend(SUMMARIES.iter().enumerate().map(|(i, summary)| stat(i + 2, summary, i * width, width)));
    let shown: Vec<&Figure> = figures.iter().filter(|figure| figure.name != "amanah_build_info").collect();
    panels.push(row(10, "Every figure", 5));
    panels.extend(shown.iter().enumerate().map(|(i, figure)| series(i + 11, figure, i % 3 * 8, 6 + i / 3 * 7)));
    let board = json!({
        "uid": "amanah",
        "title": "Amanah",
        "description": "Written from the node's own table of figures; change it there.",
        "tags": ["amanah"],
        "schemaVersion": 39,
        "editable": false,
        "timezone": "utc",
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {"list": [{
            "name": "hospital",
            "label": "Hospital",
            "type": "query",
            "datasource": source(),
            "query": "label_values(amanah_height, hospital)",
            "refresh": 2,
            "multi": true,
            "includeAll": true,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }]},
        "panels": panels,
    });
    format!("{board:#}\n")
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "prometheus"})
}

fn row(id: usize, title: &str, y: usize) -> Value {
    json!({"id": id, "type": "row", "title": title, "collapsed": false, "panels": [], "gridPos": place(0, y, COLUMNS, 1)})
}

fn place(x: usize, y: usize, width: usize, height: usize) -> Value {
    json!({"x": x, "y": y, "w": width, "h": height})
}

fn stat(id: usize, summary: &Summary, x: usize, width: usize) -> Value {
    let step = |color: &str, value: Option<f64>| json!({"color": color, "value": value});
    let steps = match summary.bad {
        Bad::Below(least) => vec![step("red", None), step("green", Some(least))],
        Bad::From(first) => vec![step("green", None), step("red", Some(first))],
        Bad::None => vec![step("green", None)],
    };
    let unit = unit_of(summary.expression);
    json!({
        "id": id,
        "type": "stat",
        "title": summary.title,
        "description": summary.says,
        "datasource": source(),
        "gridPos": place(x, 1, width, 4),
        "targets": [{"refId": "A", "expr": summary.expression, "instant": true}],
        "fieldConfig": {
            "defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {"colorMode": "value", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}},
    })
}

fn series(id: usize, figure: &Figure, x: usize, y: usize) -> Value {
    let selected = format!(r#"{}{{hospital=~"$hospital"}}"#, figure.name);
    let (title, expression) = match figure.kind {
        Kind::Counter => (format!("{} a second", figure.name), format!("rate({selected}[1m])")),
        Kind::Gauge => (figure.name.clone(), selected),
        Kind::Histogram => {
            let buckets = format!(r#"{}_bucket{{hospital=~"$hospital"}}"#, figure.name);
            let slowest = format!("histogram_quantile(0.99, sum by (hospital, le) (rate({buckets}[5m])))");
            (format!("{}, 99th percentile", figure.name), slowest)
        }
    };
    let labels = figure.labels.iter().map(|label| format!(" {{{{{label}}}}}")).collect::<String>();
    json!({
        "id": id,
        "type": "timeseries",
        "title": title,
        "description": figure.help,
        "datasource": source(),
        "gridPos": place(x, y, 8, 7),
        "targets": [{"refId": "A", "expr": expression, "legendFormat": format!("{{{{hospital}}}}{labels}")}],
        "fieldConfig": {"defaults": {"unit": unit_of(&figure.name)}, "overrides": []},
    })
}

/// Grafana's word for the unit that the name of a figure ends with.
fn unit_of(name: &str) -> &'static str {
    let name = name.trim_end_matches(')');
    let ends = |suffix| name.ends_with(suffix);
    if ends("_bytes_total") {
        "Bps"
    } else if ends("_bytes") {
        "bytes"
    } else if ends("_ratio") {
        "percentunit"
    } else if ends("_ms") || ends("_ms_total") {
        "ms"
    } else if ends("_seconds") {
        "s"
    } else {
        "none"
    }
}
