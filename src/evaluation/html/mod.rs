//! The report: one HTML file with everything in it, for light and dark screens and for paper.

mod charts;
mod words;

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::charts::{Axis, Chart, Line, Role, Scale};
use self::words::{FIGURES, eps_in_words, explain_check, norm_in_words, percent};
use super::classes::Confusion;
use super::{
    AttackFigures, Check, ClassFigures, CorruptionFigures, Corruptions, Curve, Evaluation,
    Histogram, Interval, Judgement, Kind, ModelFile, Setting, SweepFigures, SweepPoint, Varied,
};
use crate::attack::Attacker;
use crate::class::Class;

pub(crate) const STYLE: &str = include_str!("style.css");

/// A picture grid with what it shows.
pub struct Grid {
    /// What it shows.
    pub caption: &'static str,
    /// The picture.
    pub png: Vec<u8>,
}

/// The report. `grids` are examples under the first attack.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn report(evaluation: &Evaluation, grids: &[Grid]) -> Result<String> {
    let Evaluation { attacks, sweeps, setting, .. } = evaluation;
    let attack_sections: Vec<Markup> =
        attacks.iter().map(|figures| attack(figures, evaluation)).collect::<Result<_>>()?;
    let curves: Vec<Markup> = sweeps.iter().map(sweep).collect::<Result<_>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Second Look: report of an evaluation" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "Report of an evaluation" }
                    p { (setting.data) ", " (evaluation.report.pictures) " pictures." }
                    (summary(evaluation))
                    (complaints(evaluation))
                    (tutorial(evaluation))
                    (all_attacks(evaluation))
                    @if !curves.is_empty() {
                        h2 id="curves" { "Stronger and longer attacks" }
                        p { "With a large enough eps every classifier falls: the curve of CL must reach zero. Where the last points \
                             against steps still differ, the attacks had too few steps. The points take steps long enough to reach \
                             eps." }
                        @for curve in &curves { (curve) }
                    }
                    h2 id="each" { "Each attack" }
                    @for section in &attack_sections { (section) }
                    @if let Some(figures) = &evaluation.corruptions { (corruptions(figures)) }
                    (examples(grids, setting))
                    (checks(&evaluation.checks))
                    (particulars(evaluation))
                }
            }
        }
    };
    Ok(page.into_string())
}

/// A share with its interval.
fn share(value: f64, Interval(low, high): Interval) -> Markup {
    html! { (format!("{value:.3}")) small { (format!("{low:.3} to {high:.3}")) } }
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn or_dash(value: Option<impl Into<f64>>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{:.digits$}", value.into()))
}

/// The main figures in sentences.
fn summary(evaluation: &Evaluation) -> Markup {
    let Evaluation { clean, attacks, worst_case, .. } = evaluation;
    let worst_of = |attacker: Attacker| {
        let of = attacks.iter().filter(|figures| figures.attacker == attacker);
        of.min_by(|a, b| a.answer_accuracy.total_cmp(&b.answer_accuracy))
    };
    html! {
        div.box {
            p { b { "In short." } }
            ul {
                li {
                    "On clean pictures the classifier (CL) is right on " (percent(clean.classifier_accuracy)) ", the defence's \
                     answer on " (percent(clean.answer_accuracy)) "; " (percent(clean.false_positive_rate)) " of the clean \
                     pictures are called adversarial."
                }
                @for attacker in words::ATTACKERS {
                    @if let Some(figures) = worst_of(attacker) {
                        li {
                            "Where " (words::who(attacker)) ", the answer is right on " (percent(figures.answer_accuracy))
                            " (" (figures.name) ", " (norm_in_words(figures.norm)) ", " (eps_in_words(figures.eps)) "); "
                            (percent(figures.detection_rate)) " of these pictures are called adversarial."
                        }
                    }
                }
                @if attacks.len() > 1 {
                    li {
                        "Against the worst of these " (attacks.len()) " attacks for each picture the answer is right on "
                        (percent(worst_case.answer_accuracy)) " (95 % interval: " (percent(worst_case.interval.0)) " to "
                        (percent(worst_case.interval.1)) ")."
                    }
                }
                @if attacks.iter().all(|figures| figures.attacker != Attacker::Defence) {
                    li { b { "No attacker here knew the defence. These figures say nothing of one who does." } }
                }
            }
        }
    }
}

/// Warnings and failed checks.
fn complaints(evaluation: &Evaluation) -> Markup {
    let failed: Vec<&Check> = evaluation.checks_that(Judgement::Failed).collect();
    let warnings = &evaluation.setting.warnings;
    html! {
        @if !failed.is_empty() || !warnings.is_empty() {
            div.box.alarm role="note" {
                @if !failed.is_empty() {
                    p { b { "Checks failed: these figures may make the defence look better than it is." } }
                    ul { @for Check { name, sentence, .. } in &failed { li { b { (name) } ": " (sentence) "." } } }
                }
                @if !warnings.is_empty() {
                    p { b { "Warnings" } }
                    ul { @for warning in warnings { li { (warning) } } }
                }
            }
        }
    }
}

/// The tutorial's table.
fn tutorial(evaluation: &Evaluation) -> Markup {
    let Evaluation { report, setting, .. } = evaluation;
    let beside = setting.is_tutorial();
    html! {
        h2 id="accuracies" { "Accuracies under the first attack" }
        p { (setting.attack) ": " (setting.attacker.in_words()) "." }
        div.scroll tabindex="0" {
            table {
                caption { "AE(x): the autoencoder's reconstruction. 95 % intervals below." }
                thead { tr {
                    th scope="col" { "accuracy" } th scope="col" { "here" }
                    @if beside { th scope="col" { "tutorial" } }
                } }
                tbody {
                    @for (name, here, there) in report.accuracies() {
                        tr {
                            th scope="row" { (name) }
                            td { (share(here, Interval::of_share(here, report.pictures))) }
                            @if beside { td { (there) } }
                        }
                    }
                }
            }
        }
        div.scroll tabindex="0" {
            table {
                thead { tr { th scope="col" { "detector" } th scope="col" { "here" } } }
                tbody { @for (name, here) in report.rates() {
                    tr { th scope="row" { (name) } td { (format!("{here:.4}")) } }
                } }
            }
        }
    }
}

/// The table of all attacks, and what its columns mean.
fn all_attacks(evaluation: &Evaluation) -> Markup {
    let Evaluation { attacks, worst_case, .. } = evaluation;
    // Other attacks succeed where CL errs, which stands there already.
    let targeted = attacks.iter().any(|figures| figures.parameters.targeted());
    html! {
        h2 id="attacks" { "All attacks" }
        @if targeted {
            p { "The attacks are targeted: each picture is led to the class after its own in the list of classes." }
        }
        div.scroll tabindex="0" {
            table {
                caption { "Shares of all pictures, with 95 % intervals; pictures that are named wrong before the attack count as \
                           wrong." }
                thead { tr {
                    th scope="col" { "attack" } th.text scope="col" { "attacker knows" } th.text scope="col" { "norm" }
                    th scope="col" { "eps" } th scope="col" { "CL" }
                    @if targeted { th scope="col" { "success" } }
                    @for name in ["detected", "answer", "AUC", "TPR@1", "TPR@5", "AP", "SR@5", "SR@50",
                                  "distance", "queries"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody {
                    @for figures in attacks {
                        @let AttackFigures { intervals, name, attacker, norm, .. } = figures;
                        tr {
                            th scope="row" { (name) }
                            td.text { (attacker) } td.text { (norm) }
                            td { (figures.eps.map_or_else(|| "-".to_owned(), |eps| eps.to_string())) }
                            td { (share(figures.classifier_accuracy, intervals.classifier_accuracy)) }
                            @if targeted { td { (share(figures.success_rate, intervals.success_rate)) } }
                            td { (share(figures.detection_rate, intervals.detection_rate)) }
                            td { (share(figures.answer_accuracy, intervals.answer_accuracy)) }
                            @for value in [figures.auc, figures.tpr_at_1, figures.tpr_at_5, figures.average_precision] {
                                td { (three(value)) }
                            }
                            td { (share(figures.sr_at_5, intervals.sr_at_5)) }
                            td { (share(figures.sr_at_50, intervals.sr_at_50)) }
                            td { (or_dash(figures.median_distance, 4)) }
                            td { (or_dash(figures.median_queries, 0)) }
                        }
                    }
                    @if attacks.len() > 1 {
                        tr {
                            th scope="row" colspan=(if targeted { 7 } else { 6 }) { "the worst of all, for each picture" }
                            td { (share(worst_case.answer_accuracy, worst_case.interval)) }
                        }
                    }
                }
            }
        }
        details {
            summary { "What each figure means" }
            dl { @for (name, meaning) in FIGURES.iter().filter(|(name, _)| targeted || *name != "success") {
                dt { (name) } dd { (meaning) }
            } }
        }
    }
}

/// A chart with its caption; `alternative` says in words what it shows.
fn figure(chart: &Chart<'_>, caption: Markup, alternative: &str) -> Result<Markup> {
    Ok(html! {
        figure {
            div role="img" aria-label=(alternative) { (PreEscaped(chart.svg()?)) }
            figcaption { (caption) }
        }
    })
}

fn key(role: Role, name: &str) -> Markup {
    html! { span class={ "key " (role.name()) } {} (name) }
}

fn points(curve: &Curve) -> Vec<(f64, f64)> {
    curve.x.iter().copied().zip(curve.y.iter().copied()).collect()
}

fn plain(role: Role, points: Vec<(f64, f64)>) -> Line {
    Line { role, points, marked: false, band: Vec::new() }
}

/// Everything about one attack.
fn attack(figures: &AttackFigures, evaluation: &Evaluation) -> Result<Markup> {
    let AttackFigures { name, details, .. } = figures;
    let roc = figure(
        &Chart {
            x: Axis::share("false-positive rate"),
            y: Axis::share("true-positive rate"),
            lines: vec![plain(Role::Second, points(&details.roc))],
            guides: vec![[(0.0, 0.0), (1.0, 1.0)]],
        },
        html! { "ROC: attacked pictures found against clean ones called adversarial, at every threshold. Grey: guessing." },
        &format!(
            "ROC curve of {name}: area {:.3}; of the attacked pictures {} are found with 1 % false positives, {} with 5 %.",
            figures.auc,
            percent(figures.tpr_at_1),
            percent(figures.tpr_at_5)
        ),
    )?;
    let precision = figure(
        &Chart {
            x: Axis::share("recall"),
            y: Axis::share("precision"),
            lines: vec![plain(Role::Second, points(&details.precision_recall))],
            guides: vec![[(0.0, 0.5), (1.0, 0.5)]],
        },
        html! { "Precision and recall, with as many clean pictures as attacked ones. Grey: guessing." },
        &format!(
            "Precision against recall of {name}: average precision {:.3}.",
            figures.average_precision
        ),
    )?;
    let histogram =
        scores(figures, &evaluation.clean.histogram, evaluation.report.detector.threshold)?;
    Ok(html! {
        section {
            h3 id={ "attack-" (name) } { (name) }
            p { (figures.parameters) ": " (figures.attacker.in_words()) "." }
            div.charts { (roc) (precision) (histogram) }
            details {
                summary { "Figures of each class" }
                (classes(&details.classes))
            }
            details {
                summary { "Which class is taken for which" }
                (confusion("CL on clean pictures", &evaluation.clean.confusion))
                (confusion("CL on attacked pictures", &details.confusion))
                (confusion("The defence's answer on attacked pictures", &details.confusion_of_answers))
            }
        }
    })
}

/// The scores of clean and of attacked pictures, with the threshold.
fn scores(figures: &AttackFigures, clean: &Histogram, threshold: f64) -> Result<Markup> {
    let attacked = &figures.details.histogram;
    let filled = |n: &usize| clean.counts[*n] + attacked.counts[*n] > 0;
    let bins = 0..clean.counts.len();
    let first = bins.clone().find(filled).unwrap_or(0);
    let last = bins.clone().rev().find(filled).unwrap_or(bins.end - 1);
    let share = |histogram: &Histogram, n: usize| {
        histogram.counts[n] as f64 / histogram.counts.iter().sum::<usize>().max(1) as f64
    };
    let stairs = |histogram: &Histogram| -> Vec<(f64, f64)> {
        let corners = (first..=last).flat_map(|n| {
            let height = share(histogram, n);
            [(histogram.edges[n], height), (histogram.edges[n + 1], height)]
        });
        corners.collect()
    };
    let highest = bins.flat_map(|n| [share(clean, n), share(attacked, n)]).fold(0.0, f64::max);
    let (from, to) = (clean.edges[first], clean.edges[last + 1]);
    let (low, high) = (from.min(threshold.max(clean.edges[0])), to.max(threshold));
    let chart = Chart {
        x: Axis { label: "score (nats)", from: low, to: high, scale: Scale::Logarithmic },
        y: Axis { label: "share", from: 0.0, to: highest * 1.1, scale: Scale::Linear },
        lines: vec![plain(Role::First, stairs(clean)), plain(Role::Second, stairs(attacked))],
        guides: vec![[(threshold, 0.0), (threshold, highest * 1.1)]],
    };
    figure(
        &chart,
        html! { "Scores: " (key(Role::First, "clean")) (key(Role::Second, "attacked")) ". Grey: the threshold, above which a \
        picture is called adversarial." },
        &format!(
            "Histogram of the scores under {}: {} of the attacked pictures are above the threshold of {threshold:.4} nats.",
            figures.name,
            percent(figures.detection_rate)
        ),
    )
}

fn classes(classes: &[ClassFigures]) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table {
                thead { tr {
                    @for name in ["class", "pictures", "CL, clean", "false positives", "CL, attacked", "detected", "answer, \
                                   attacked"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody { @for of in classes {
                    tr {
                        th scope="row" { (of.class) } td { (of.pictures) }
                        @for value in [of.clean_accuracy, of.false_positive_rate, of.classifier_accuracy, of.detection_rate,
                                       of.answer_accuracy] {
                            td { (or_dash(value, 2)) }
                        }
                    }
                } }
            }
        }
    }
}

fn confusion(caption: &str, counts: &Confusion) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table {
                caption { (caption) ": true class (rows), predicted class (columns), pictures" }
                thead { tr { td {} @for class in Class::ALL { th scope="col" { (class) } } } }
                tbody { @for truth in Class::ALL {
                    tr {
                        th scope="row" { (truth) }
                        @for predicted in Class::ALL {
                            td.diagonal[truth == predicted] { (counts[truth.index()][predicted.index()]) }
                        }
                    }
                } }
            }
        }
    }
}

/// One sweep: a chart and its table.
fn sweep(figures: &SweepFigures) -> Result<Markup> {
    let SweepFigures { name, attacker, norm, varied, points } = figures;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(html! {}) };
    let (label, scale) = match varied {
        Varied::Eps => ("eps", Scale::Linear),
        Varied::Steps => ("steps", Scale::Logarithmic),
    };
    let line = |role, of: &dyn Fn(&SweepPoint) -> (f64, Interval)| {
        let x = |point: &SweepPoint| f64::from(point.value);
        Line {
            role,
            points: points.iter().map(|point| (x(point), of(point).0)).collect(),
            marked: true,
            band: points.iter().map(|point| (of(point).1.0, of(point).1.1)).collect(),
        }
    };
    // One point alone still needs an axis.
    let from = f64::from(first.value);
    let to = f64::from(last.value).max(from * 1.1).max(1e-6);
    let chart = Chart {
        x: Axis { label, from, to, scale },
        y: Axis::share("share of the pictures"),
        lines: vec![
            line(Role::First, &|point| (point.classifier_accuracy, point.classifier_interval)),
            line(Role::Second, &|point| (point.detection_rate, point.detection_interval)),
            line(Role::Third, &|point| (point.answer_accuracy, point.answer_interval)),
        ],
        guides: Vec::new(),
    };
    let drawn = figure(
        &chart,
        html! { (key(Role::First, "CL right")) (key(Role::Second, "detected")) (key(Role::Third, "answer right")) ", with 95 % \
        intervals" },
        &format!(
            "{name} against {label}: the accuracy of CL goes from {:.3} at {} to {:.3} at {}, that of the answer from {:.3} to \
             {:.3}.",
            first.classifier_accuracy,
            first.value,
            last.classifier_accuracy,
            last.value,
            first.answer_accuracy,
            last.answer_accuracy
        ),
    )?;
    Ok(html! {
        section {
            h3 { (name) " against " (label) }
            p { (norm_in_words(*norm)) ", " (attacker.in_words()) "." }
            div.charts {
                (drawn)
                div.scroll tabindex="0" {
                    table {
                        thead { tr { @for name in [label, "CL", "detected", "answer"] { th scope="col" { (name) } } } }
                        tbody { @for point in points {
                            tr {
                                th scope="row" { (point.value) }
                                td { (share(point.classifier_accuracy, point.classifier_interval)) }
                                td { (share(point.detection_rate, point.detection_interval)) }
                                td { (share(point.answer_accuracy, point.answer_interval)) }
                            }
                        } }
                    }
                }
            }
            details {
                summary { "Parameters of each point" }
                ul { @for point in points {
                    li { (point.value) ": " (point.parameters.map_or_else(|| "clean pictures".to_owned(), |a| a.to_string())) }
                } }
            }
        }
    })
}

/// Pictures that nobody attacked, but that are noisy, blurred and so on.
fn corruptions(figures: &Corruptions) -> Markup {
    let row = |name: &str, severity: &str, figures: &CorruptionFigures| {
        html! {
            tr {
                th scope="row" { (name) }
                td { (severity) }
                @for value in [
                    figures.classifier_accuracy,
                    figures.reconstruction_accuracy,
                    figures.answer_accuracy,
                    figures.called_adversarial,
                    figures.mean_score,
                ] {
                    td { (three(value)) }
                }
                td { (or_dash(figures.auc_of_errors, 3)) }
                td { (or_dash(figures.auc_of_harm, 3)) }
                td { (or_dash(figures.auc_of_errors_by_confidence, 3)) }
            }
        }
    };
    let severities = |kind: &Kind| {
        let of_kind = figures.each.iter().filter(|each| each.corruption == kind.corruption);
        of_kind.map(|each| row("", &each.severity.to_string(), &each.figures)).collect::<Vec<_>>()
    };
    html! {
        h2 id="corruptions" { "Corrupted pictures" }
        p { "Nobody attacked these pictures. Does the detector take them for attacks, and does its score tell which ones the \
             classifier gets wrong?" }
        div.scroll tabindex="0" {
            table {
                caption { "Shares of the pictures; \"AUC, wrong\" is the chance that a picture that CL gets wrong has a higher \
                           score than one that it gets right, \"AUC, harmed\" the same among those that CL gets right without \
                           the corruption, \"by confidence\" that of one minus CL's highest probability." }
                thead { tr {
                    th scope="col" { "corruption" }
                    @for name in ["severity", "CL", "CL on AE", "answer", "called adversarial", "mean score", "AUC, wrong",
                                  "AUC, harmed", "by confidence"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody {
                    (row("none", "-", &figures.clean))
                    @for kind in &figures.by_corruption {
                        (row(&kind.corruption.to_string(), "all", &kind.figures))
                        @for severity in severities(kind) { (severity) }
                    }
                    (row("all", "all", &figures.all))
                }
            }
        }
    }
}

fn examples(grids: &[Grid], setting: &Setting) -> Markup {
    html! {
        @if !grids.is_empty() {
            h2 id="examples" { "Examples" }
            p { "One picture of each class under the first attack (" (setting.attack.name()) "). Green: CL is right." }
            @for Grid { caption, png } in grids {
                figure.wide {
                    div.scroll tabindex="0" {
                        img alt=(caption) src={ "data:image/png;base64," (BASE64_STANDARD.encode(png)) };
                    }
                    figcaption { (caption) }
                }
            }
        }
    }
}

fn checks(checks: &[Check]) -> Markup {
    html! {
        h2 id="checks" { "Checks" }
        p { "What the attacks tell of themselves. Two attacks are compared by the pictures that only one of them wins; a check fails \
             when chance alone would do so in less than 1 % of the evaluations (exact sign test, shared among a check's \
             comparisons)." }
        div.scroll tabindex="0" {
            table {
                thead { tr { th scope="col" { "check" } th.text scope="col" { "result" } th.text scope="col" { "why" } } }
                tbody { @for Check { name, judgement, sentence } in checks {
                    tr {
                        th scope="row" { (name) small.soft { br; (explain_check(name)) } }
                        td.text { @match judgement {
                            Judgement::Passed => "passed",
                            Judgement::Failed => b { "failed" },
                            Judgement::Unjudged => "not judged",
                        } }
                        td.text { (sentence) }
                    }
                } }
            }
        }
    }
}

/// All that the figures depend on.
fn particulars(evaluation: &Evaluation) -> Markup {
    let setting = &evaluation.setting;
    let Setting { models, surrogate, data, .. } = setting;
    let model = |name: &str, file: &ModelFile| {
        html! { li {
            (name) ": " (file.file) ", CRC-32 " (format!("{:08x}", file.crc32)) ", "
            code { (json(&file.architecture)) } ", " code { (json(&file.precision)) }
        } }
    };
    html! {
        h2 id="setting" { "How this was computed" }
        dl {
            dt { "Command" } dd { pre { (setting.command) } }
            dt { "Version" } dd { "second-look " (setting.version) }
            dt { "Device" } dd { (setting.device) }
            dt { "Models" }
            dd { ul {
                (model("classifier", &models.classifier))
                (model("autoencoder", &models.autoencoder))
                @if let Some(corrector) = &models.corrector { (model("corrector", corrector)) }
                @if let Some(surrogate) = surrogate { (model("the attacker's own classifier", surrogate)) }
            } }
            dt { "Pictures" } dd { (data) "; " code { (json(data)) } }
            @if let Some(randomisation) = &setting.randomisation {
                dt { "Random draws of the defence" } dd { code { (json(randomisation)) } }
            }
            dt { "Attacks with all their parameters" }
            dd { ul { @for figures in &evaluation.attacks {
                li { (figures.attacker) ": " code { (json(&figures.parameters)) } }
            } } }
        }
    }
}

/// As in the JSON file.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{AttackName, AttackOptions, Pgd};
    use crate::class::Class::{Cat, Dog};
    use crate::evaluation::made_up::{DETECTOR, outcome, record, verdict};
    use crate::evaluation::setting::tests::evaluation as made_up;
    use crate::evaluation::{CorruptedRecord, Plan, Sweep, conditions};

    /// Two attacks and a sweep on ten pictures.
    fn evaluation(names: [AttackName; 2]) -> Evaluation {
        let options = AttackOptions::default();
        let attempts: Vec<_> =
            names.iter().map(|name| options.resolve(*name, false).unwrap().into()).collect();
        let values = vec![0.0, 0.01, 0.1];
        let attacker = Attacker::Classifier;
        let sweep =
            Sweep::new(AttackName::Pgd, attacker, &options, false, Varied::Eps, values).unwrap();
        let plan = Plan { attempts, sweeps: vec![sweep] };
        let of = |n: usize| {
            let score = 0.01 * (n + 1) as f32;
            let attacks = vec![
                outcome(if n < 3 { Cat } else { Dog }, 20.0 * score),
                outcome(Dog, score),
                outcome(Cat, score),
                outcome(Dog, score),
            ];
            record(verdict(Cat, score), attacks)
        };
        let Evaluation { mut setting, probe, .. } = made_up();
        setting.warnings = vec!["<script>alert(1)</script>".to_owned()];
        setting.command = "second-look evaluate --data 'a & b'".to_owned();
        let records = (0..10).map(of).collect();
        Evaluation::of(records, &plan, probe, &DETECTOR, setting).unwrap().0
    }

    fn html(evaluation: &Evaluation) -> String {
        let grids = [Grid { caption: "Attacked pictures.", png: vec![1, 2, 3] }];
        report(evaluation, &grids).unwrap()
    }

    #[test]
    fn the_report_has_every_figure_and_what_it_depends_on() {
        let page = html(&evaluation([AttackName::Pgd, AttackName::SelectivePgd]));
        for words in [
            "0.7874", // the tutorial's, in its setting
            "the attacker knows the whole defence, the answer is right on 0.0\u{a0}%",
            "Against the worst of these 2 attacks for each picture",
            "id=\"attack-selective-pgd\"",
            "ROC curve of pgd: area",
            "Precision against recall of pgd",
            "Histogram of the scores under pgd",
            "pgd against eps",
            "goes from 1.000 at 0 to 0.000 at 0.1",
            "CRC-32 00000007",
            "--data 'a &amp; b'",
            "not judged",
            "src=\"data:image/png;base64,AQID\"",
            "&lt;script&gt;alert(1)",
        ] {
            assert!(page.contains(words), "{words}");
        }
        // A chart each for ROC, precision and scores of two attacks, and the sweep's.
        assert_eq!(page.matches("<svg").count(), 7);
        assert_eq!(page.matches("role=\"img\"").count(), 7);
        assert!(!page.contains("No attacker here knew the defence"));
    }

    #[test]
    fn how_often_targets_are_reached_stands_there_if_there_are_any() {
        let mut evaluation = evaluation([AttackName::Pgd, AttackName::Noise]);
        let column = "<th scope=\"col\">success</th>";
        assert!(!html(&evaluation).contains(column));
        evaluation.attacks[0].parameters = Pgd { targeted: true, ..Pgd::default() }.into();
        let page = html(&evaluation);
        assert!(page.contains(column) && page.contains("led to the class after its own"));
    }

    #[test]
    fn corruptions_stand_in_the_report_if_they_were_measured() {
        let mut evaluation = evaluation([AttackName::Pgd, AttackName::Noise]);
        assert!(!html(&evaluation).contains("Corrupted pictures"));
        let corrupted = |n: usize| CorruptedRecord {
            class: Cat,
            clean: verdict(Cat, 0.1),
            corrupted: conditions().map(|_| verdict(if n < 3 { Dog } else { Cat }, 0.5)).collect(),
        };
        let records: Vec<_> = (0..4).map(corrupted).collect();
        evaluation.corruptions = Corruptions::of(&records, 0);
        let page = html(&evaluation);
        let from = page.find("id=\"corruptions\"").unwrap();
        let table = &page[from..from + page[from..].find("</table>").unwrap()];
        // Clean, six corruptions with five severities each and all together, and all of them.
        assert_eq!(table.matches("<th scope=\"row\">").count(), 1 + 6 * 6 + 1);
        assert!(table.contains("pixelate") && table.contains("<td>0.250</td>"), "{table}");
    }

    #[test]
    fn the_report_loads_nothing_and_runs_nothing() {
        let page = html(&evaluation([AttackName::Pgd, AttackName::Noise]));
        let page = page.replace("http://www.w3.org/2000/svg", ""); // a name, not an address
        for word in ["<script", "<link", "http:", "https:", "@import", "url(", "<iframe", "<object"]
        {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("No attacker here knew the defence"));
    }

    #[test]
    fn failed_checks_stand_at_the_top() {
        let mut evaluation = evaluation([AttackName::Pgd, AttackName::Noise]);
        evaluation.checks[0].judgement = Judgement::Failed;
        evaluation.checks[0].sentence = "a larger eps helps".to_owned();
        let page = html(&evaluation);
        let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}"));
        assert!(at("Checks failed") < at("a larger eps helps"));
        assert!(at("a larger eps helps") < at("id=\"attacks\""));
        for check in &evaluation.checks {
            assert!(!explain_check(check.name).is_empty(), "{}", check.name);
        }
    }
}
