//! `amanah explain`: what an error means, and what to try. The same page that nodes serve and the reference prints.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use amanah_ledger::catalogue::{self, ErrorCode};
use serde_json::json;

pub(crate) fn run(typed: &str) -> Fallible<Report> {
    let unknown = |why: String| Failure::new(Exit::NotFound, 243, why, "amanah help errors   lists all of them");
    let code: ErrorCode = typed.parse().map_err(|why| unknown(format!("{typed:?}: {why}")))?;
    let entry = catalogue::find(code).ok_or_else(|| unknown(format!("there is no error {code}")))?;
    let fields = json!({ "code": code.to_string(), "title": entry.title, "cause": entry.cause, "fix": entry.fix });
    Ok(Report::ok(fields, entry.page()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_explained_as_it_was_copied_from_the_screen() {
        let report = run("error[AMN-0231]:").unwrap();
        assert_eq!(report.fields["code"], "AMN-0231");
        assert!(report.text.contains("The members have agreed on a longest duration"), "{}", report.text);
        for unknown in ["AMN-9999", "nonsense"] {
            assert_eq!(run(unknown).unwrap_err().exit, Exit::NotFound, "{unknown}");
        }
    }
}
