//! `zrec show`: a saved plan, as plan shows it, with its age. Offline.

use time::{Duration, OffsetDateTime};
use zrec_plan::plan_file::PlanFile;
use zrec_plan::render::{self, Style};

use super::{Failed, Stream, saved};
use crate::args::{Format, Global, ShowArgs};

/// Shows a saved plan, however old it is.
pub(super) fn run(arguments: &ShowArgs, global: &Global) -> Result<u8, Failed> {
    let file = saved::read(&arguments.file)?;
    let now = OffsetDateTime::now_utc();
    let head = head(&file, now);
    super::report(&match global.format {
        Format::Text => {
            let style = Style { colour: super::is_coloured(global, Stream::Out) };
            format!("{head}\n{}", render::saved_text(&file.plan, style))
        }
        Format::Json => {
            render::json_text(&render::saved_json(&file, file.age(now).whole_seconds()))
        }
        Format::Markdown => render::saved_markdown(&file.plan, &format!("{head}\n\n")),
    })
}

fn head(file: &PlanFile, now: OffsetDateTime) -> String {
    let ends = match file.untimely(now) {
        None => format!("it may be applied until {}", saved::moment(file.ends_at())),
        Some(why) => format!("it may not be applied: {why}"),
    };
    format!(
        "Plan of the set {}, made {} ({}) by zrec {} with catalogue {}; {ends}.",
        file.set,
        saved::moment(file.created_at),
        age(file.age(now)),
        file.zrec_version,
        file.catalog_version
    )
}

fn age(age: Duration) -> String {
    match age.whole_minutes() {
        minutes if minutes < 0 => format!("{} minutes in the future", -minutes),
        0 => "just now".to_owned(),
        minutes if minutes < 120 => format!("{minutes} minutes ago"),
        minutes => format!("{} hours ago", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_in_words() {
        let rows = [
            (-10, "10 minutes in the future"),
            (0, "just now"),
            (119, "119 minutes ago"),
            (60 * 71, "71 hours ago"),
        ];
        for (minutes, expected) in rows {
            assert_eq!(age(Duration::minutes(minutes)), expected);
        }
    }
}
