//! Pages of a list, read to the end and merged.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cloud::answer::Answer;
use crate::cloud::failure::{Failure, FailureKind};
use crate::cloud::graph::Call;
use crate::cloud::origin::{Service, same_origin_path};

const NEXT_LINK: &str = "@odata.nextLink";
/// Far more than the largest tenant has; it only ends what would never end.
const MOST_PAGES: usize = 2_000;

/// The pages read so far.
#[derive(Default)]
pub(super) struct Pages {
    first: Option<Answer>,
    links: BTreeSet<String>,
}

/// Whether a list has ended.
pub(super) enum Read {
    All(Answer),
    /// The next page, relative to the version.
    Next(String),
}

impl Pages {
    /// Takes one page. A page may be empty and still have a successor.
    pub(super) fn take(
        &mut self,
        mut page: Answer,
        call: &Call,
        service: &Service,
    ) -> Result<Read, Failure> {
        if !call.is_read() {
            return Ok(Read::All(page));
        }
        let link = page.body.as_object_mut().and_then(|body| body.remove(NEXT_LINK));
        let refused = |why: &str| {
            Failure::of(FailureKind::Refused, &*call.what)
                .because(why)
                .advise("the list would be incomplete, so none of it is used")
        };
        if self.first.is_some() && !page.body["value"].is_array() {
            return Err(refused("a further page is no list"));
        }
        let Some(link) = link else {
            return Ok(Read::All(self.merge(page)));
        };
        let link = link.as_str().ok_or_else(|| refused("the link to the next page is no text"))?;
        let path = same_origin_path(&service.origin, link).map_err(|mut failure| {
            failure.what = call.what.as_str().into();
            failure
        })?;
        let path = path
            .strip_prefix(&format!("{}/v1.0", service.base_path))
            .filter(|rest| rest.starts_with('/'))
            .ok_or_else(|| refused("the link to the next page leaves the API"))?
            .to_owned();
        if self.links.len() >= MOST_PAGES || !self.links.insert(path.clone()) {
            return Err(refused("the list has no end"));
        }
        self.first = Some(self.merge(page));
        Ok(Read::Next(path))
    }

    fn merge(&mut self, mut page: Answer) -> Answer {
        let Some(mut first) = self.first.take() else {
            return page;
        };
        if let (Some(Value::Array(all)), Some(Value::Array(more))) =
            (first.body.get_mut("value"), page.body.get_mut("value"))
        {
            all.append(more);
        }
        first.date = page.date.or(first.date);
        first
    }
}
