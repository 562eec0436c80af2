//! OData query options.

use super::failure::Failure;
use crate::wire::form;

/// The options of one request.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) select: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) top: Option<usize>,
    pub(crate) skiptoken: Option<String>,
    pub(crate) count: bool,
    pub(crate) orderby: Option<String>,
    pub(crate) search: Option<String>,
    pub(crate) expand: Vec<String>,
    /// The options without `$skiptoken`, for the link to the next page.
    pub(crate) rest: Vec<(String, String)>,
}

impl Query {
    /// Reads the part behind the question mark.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut query = Self::default();
        let pairs = form(text);
        for (n, (name, value)) in pairs.iter().enumerate() {
            if name.starts_with('$') && pairs[..n].iter().any(|(other, _)| other == name) {
                return Err(Failure::malformed(format!(
                    "Query option '{name}' was specified more than once, but it must be specified at most once."
                )));
            }
            query.option(name, value)?;
            if name != "$skiptoken" {
                query.rest.push((name.clone(), value.clone()));
            }
        }
        Ok(query)
    }

    fn option(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let names =
            || value.split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
        match name {
            "$select" => self.select = names(),
            "$expand" => self.expand = names(),
            "$filter" => self.filter = Some(value.to_owned()),
            "$skiptoken" => self.skiptoken = Some(value.to_owned()),
            "$orderby" => self.orderby = Some(value.to_owned()),
            "$search" => self.search = Some(value.to_owned()),
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    _ => {
                        return Err(Failure::malformed(format!(
                            "Invalid value '{value}' for $count query option found."
                        )));
                    }
                };
            }
            "$top" => {
                let top = value.parse().ok().filter(|top| (1..=999).contains(top)).ok_or_else(|| Failure::bad(format!("Invalid page size specified: '{value}'. Must be between 1 and 999 inclusive.")).violating())?;
                self.top = Some(top);
            }
            "$format" => {}
            "$skip" => {
                return Err(Failure::contract("'$skip' is not supported by the service."));
            }
            _ if name.starts_with('$') => {
                return Err(Failure::malformed(format!(
                    "The query parameter '{name}' is not supported."
                )));
            }
            _ => {}
        }
        Ok(())
    }
}
