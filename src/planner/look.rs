//! A search in lines, for those who wait.

use super::trials::Look;

/// One step of a search in one line.
pub fn look_line(look: &Look<'_>) -> String {
    let values = |setting: &[(String, String)]| {
        let parts: Vec<String> = setting.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if parts.is_empty() { "as it stands".to_owned() } else { parts.join(" ") }
    };
    match look {
        Look::Judged { setting, holds: true, .. } => format!("{}: holds", values(setting)),
        Look::Judged { setting, broken, .. } => {
            format!("{}: {} does not hold", values(setting), broken.unwrap_or("something"))
        }
        Look::Measured { setting } => format!("{}: all seeds to the end", values(setting)),
    }
}
