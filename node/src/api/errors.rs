//! `/errors/AMN-nnnn`: the page that a problem's `type` leads to, and that `amanah explain` prints.

use super::problem::{Code, Problem};
use amanah_ledger::catalogue::{ErrorCode, find};
use axum::extract::Path;

pub(super) async fn page(Path(code): Path<String>) -> Result<String, Problem> {
    let named: ErrorCode = code.parse().map_err(|_no_code| Code::NotFound)?;
    // One address for one page.
    let entry = find(named).filter(|entry| entry.code.to_string() == code).ok_or(Code::NotFound)?;
    Ok(entry.page())
}
