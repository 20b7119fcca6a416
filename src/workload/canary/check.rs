//! The look afterwards, at the writer's endpoint and nowhere else: a reader can be behind, and then what is there is missing.

use std::time::Duration;

use futures_util::TryStreamExt;
use tokio_postgres::types::Type;

use super::door::APPLICATION;
use super::integrity::Audit;
use super::series::Series;
use super::setup::path_of;
use super::timeline::Timeline;
use super::writers::Writers;
use super::{CONNECT_LIMIT, IS_READER};
use crate::model::availability::Integrity;
use crate::workload::access::{Access, Session, words};

/// The writer is asked again and again for so long: a canary can end in the middle of an outage.
const PATIENCE: Duration = Duration::from_secs(30);

/// From one time to the next.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Others come first between two pages that are cleared, for so long at least.
const PAUSE: Duration = Duration::from_millis(10);

/// Reading every row of a run may take so long.
const READ_LIMIT: Duration = Duration::from_mins(2);

/// Looks for everything that was attempted, and removes the rows of this run if nothing is wrong with them: else they are
/// evidence.
///
/// # Errors
/// Why the writer could not be asked.
pub(super) async fn check(
    access: &Access,
    timeline: &Timeline,
    run: i64,
    series: &[Series],
    writers: &Writers,
) -> Result<Integrity, String> {
    let give_up = timeline.passed() + PATIENCE;
    loop {
        let asked = timeline.bounded(timeline.passed() + READ_LIMIT, ask(access, run, series)).await;
        let problem = match asked {
            Some(Ok((session, audit))) => {
                let integrity = audit.judge(|writer| writers.words(writer));
                if integrity.is_whole() {
                    clear(&session, timeline, run).await;
                }
                return Ok(integrity);
            }
            Some(Err(problem)) => problem,
            None => format!("its rows could not be read within {} s", READ_LIMIT.as_secs()),
        };
        if timeline.passed() >= give_up {
            return Err(format!("{}: {problem}", access.dsn().words()));
        }
        timeline.until(timeline.passed() + AGAIN_AFTER).await;
    }
}

async fn ask<'a>(access: &Access, run: i64, series: &'a [Series]) -> Result<(Session, Audit<'a>), String> {
    let session = access.connect(APPLICATION, CONNECT_LIMIT).await.map_err(|error| error.to_string())?;
    let row = session.query_typed_one(IS_READER, &[]).await.map_err(|error| words(&error))?;
    if row.try_get::<_, bool>(0).map_err(|error| words(&error))? {
        return Err("the endpoint leads to a reader, which proves nothing".to_owned());
    }
    let rows = "SELECT path, seq FROM upshift_canary.attempt WHERE run = $1";
    let rows = session.query_typed_raw(rows, [(run, Type::INT8)]).await.map_err(|error| words(&error))?;
    let mut rows = std::pin::pin!(rows);
    let mut audit = Audit::new(series);
    while let Some(row) = rows.try_next().await.map_err(|error| words(&error))? {
        let (path, seq) = (row.try_get(0), row.try_get(1));
        audit.row(path_of(path.map_err(|error| words(&error))?), seq.map_err(|error| words(&error))?);
    }
    Ok((session, audit))
}

/// What stays for whatever reason goes with `--remove`. Thousands of rows in one statement would stand in the way of other
/// clients: it is done page by page, a hundred rows and more in each, and others have twice the time that each took.
async fn clear(session: &Session, timeline: &Timeline, run: i64) {
    let clearing = async {
        let pages = "SELECT pg_relation_size('upshift_canary.attempt') / current_setting('block_size')::bigint";
        let pages = session.query_typed_one(pages, &[]).await?;
        for page in 0..pages.try_get::<_, i64>(0)? {
            let begun = timeline.passed();
            let rows = format!(
                "DELETE FROM upshift_canary.attempt WHERE run = $1 AND ctid >= '({page},0)'::tid AND ctid < '({},0)'::tid",
                page + 1
            );
            session.execute_typed(&rows, &[(&run, Type::INT8)]).await?;
            let took = timeline.passed().saturating_sub(begun);
            timeline.until(timeline.passed() + PAUSE.max(took * 2)).await;
        }
        Ok::<(), tokio_postgres::Error>(())
    };
    drop(timeline.bounded(timeline.passed() + READ_LIMIT, clearing).await);
}
