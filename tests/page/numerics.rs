//! The page's module computes in Chromium what PyTorch computed: the same reference and the same comparisons as in the
//! native tests (tests/numerics/bundled.rs).

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use pollster::block_on;
use second_look::attack::{AttackConfig, Pgd};
use second_look::class::Class;
use second_look::defence::Defence;
use second_look::detector::Verdict;
use second_look::model::Familiarity;
use second_look::picture::Picture;
use serde::Deserialize;
use tower_http::services::{ServeDir, ServeFile};

use crate::browser::{Gpu, Page};
use crate::{ROOT, defence, file, host, load_defence};

#[path = "../numerics/reference.rs"]
mod reference;

use reference::{Expected, Reference, sample};

/// What the module computed for one sample.
#[derive(Deserialize)]
struct Computed {
    picture: Vec<f32>,
    reconstruction: Vec<f32>,
    correction: Option<Vec<f32>>,
    verdict: Verdict,
    familiarity: Option<Familiarity>,
    losses: Vec<f32>,
    attacked: Verdict,
}

/// Has the module compute in a worker, as the page does.
fn compute(
    page: &Page,
    models: &[&str],
    samples: &[(&str, Class)],
    attack: Option<Pgd>,
    webgpu: bool,
) -> Vec<Computed> {
    const EMPTY: &str = "<!doctype html><link rel=icon href='data:,'>";
    let routes = Router::new()
        .route("/", get(|| async { Html(EMPTY) }))
        .route_service("/numerics.js", ServeFile::new(file("tests/page/numerics.js")))
        .fallback_service(ServeDir::new(ROOT));
    let (_runtime, url) = host(routes);
    page.tab.navigate_to(&url).unwrap().wait_until_navigated().unwrap();
    let samples: Vec<_> = samples
        .iter()
        .map(|(name, class)| serde_json::json!({ "name": name, "leadsFrom": class }))
        .collect();
    let request = serde_json::json!({
        "webgpu": webgpu,
        "models": models,
        "samples": samples,
        "attack": attack.map(AttackConfig::from),
    });
    page.js(&format!(
        "(() => {{ const worker = new Worker('numerics.js', {{ type: 'module' }}); \
         worker.onerror = ({{ message }}) => (globalThis.answer = {{ error: message }}); \
         worker.onmessage = ({{ data }}) => (globalThis.answer = data); \
         worker.postMessage({request}); }})()"
    ));
    page.until("globalThis.answer");
    assert_eq!(page.js("answer.error"), serde_json::Value::Null);
    serde_json::from_value(page.js("answer.results")).unwrap()
}

/// Holds the reconstructions against the native ones. What they differ by is rounding, up to 8e-7 of a range of 1.
#[track_caller]
fn assert_as_native(computed: &Computed, picture: &Picture, defence: &Defence) {
    const TOLERANCE: f32 = 5e-6;
    assert_eq!(computed.picture, picture.values());
    let native = block_on(defence.detect(picture.to_tensor(defence.device()))).unwrap();
    let values = |images: burn::tensor::Tensor<4>| -> Vec<f32> {
        images.clamp(0.0, 1.0).into_data().try_to_vec().unwrap()
    };
    let correction = native.corrections.map(values);
    assert_eq!(computed.correction.is_some(), correction.is_some());
    let reconstruction =
        ("reconstruction", &computed.reconstruction, values(native.reconstructions));
    let correction = computed.correction.iter().zip(correction);
    let correction = correction.map(|(theirs, ours)| ("correction", theirs, ours));
    for (name, theirs, ours) in std::iter::once(reconstruction).chain(correction) {
        assert_eq!(theirs.len(), ours.len(), "{name}");
        let most = theirs.iter().zip(&ours).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < TOLERANCE, "{name}: {most}");
    }
}

#[test]
fn in_the_browser_the_cpu_computes_what_pytorch_does() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let www = file("www");
    let reference = Reference::load(&www);
    let samples = ["horse-18", "cat-52"].map(|name| (name, &reference.pictures[name]));
    let models = ["classifier", "autoencoder", "corrector"];
    let asked = samples.map(|(name, expected): (_, &Expected)| (name, expected.class()));
    let computed = compute(&page, &models, &asked, Some(Pgd::default()), false);
    for (computed, (name, expected)) in computed.iter().zip(samples) {
        expected.assert_detected(&computed.verdict);
        expected.assert_familiar(computed.familiarity);
        expected.assert_attacked(&computed.losses, &computed.attacked);
        assert_as_native(computed, &sample(&www, name), defence());
    }

    // The tutorial's autoencoder has other layers.
    let models = ["classifier", "tutorial"];
    for (computed, (_, expected)) in
        compute(&page, &models, &asked, None, false).iter().zip(samples)
    {
        expected.assert_detected_by_tutorial(&computed.verdict);
        assert!(computed.correction.is_none());
    }
    page.finish(&[]);
}

#[test]
fn in_the_browser_webgpu_computes_what_pytorch_does() {
    let Some(page) = Page::new(Gpu::Software) else { return };
    let www = file("www");
    let reference = Reference::load(&www);
    let samples = [("horse-18", &reference.pictures["horse-18"])];
    let models = ["classifier", "autoencoder", "corrector"];
    // A software adapter takes half a minute for a step. The first losses do not depend on how many follow.
    let attack = Pgd { max_iter: 2, ..Pgd::default() };
    let (name, expected) = samples[0];
    let computed = &compute(&page, &models, &[(name, expected.class())], Some(attack), true)[0];
    expected.assert_detected(&computed.verdict);
    expected.assert_familiar(computed.familiarity);
    assert_eq!(computed.losses.len(), 3);
    expected.assert_losses(&computed.losses);
    assert_as_native(computed, &sample(&www, name), defence());
    page.finish(&[]);
}

/// Holds what the module computes with VGG16 against the same networks natively: the predictions of a picture and of the
/// picture after one step of an attack.
fn vgg16_computes_as_natively(gpu: Gpu, models: &[&str]) {
    let Some(page) = Page::new(gpu) else { return };
    let name = "horse-18";
    let picture = sample(&file("www"), name);
    let attack = Pgd { max_iter: 1, ..Pgd::default() };
    let asked = [(name, Class::Horse)];
    let computed = &compute(&page, models, &asked, Some(attack), gpu == Gpu::Software)[0];

    let defence = load_defence(models);
    assert_as_native(computed, &picture, &defence);
    let clean = block_on(defence.examine(&picture)).unwrap().verdict;
    let mut run = defence.attack(&picture, Class::Horse, attack.into()).unwrap();
    let (mut losses, mut attacked) = (Vec::new(), None);
    while let Some((step, found)) = block_on(run.watched_step(&defence)).unwrap() {
        losses.push(step.loss);
        attacked = Some(found.verdict);
    }
    assert_verdict("clean", &computed.verdict, &clean);
    assert_verdict("after a step", &computed.attacked, &attacked.unwrap());
    assert_near("losses", &computed.losses, &losses);
    assert!(losses[1] > losses[0], "{losses:?}");
    page.finish(&[]);
}

#[track_caller]
fn assert_verdict(when: &str, theirs: &Verdict, ours: &Verdict) {
    let logs = |verdict: &Verdict| {
        [
            Some(verdict.prediction),
            Some(verdict.reconstruction_prediction),
            verdict.corrected_prediction,
        ]
        .map(|probabilities| probabilities.map_or(vec![], |p| p.map(f32::ln).to_vec()))
    };
    for ((what, theirs), ours) in
        ["CL(x)", "CL(AE(x))", "CL(corrector(x))"].iter().zip(logs(theirs)).zip(logs(ours))
    {
        assert_near(&format!("{when}: {what}"), &theirs, &ours);
    }
    assert_near(&format!("{when}: score"), &[theirs.score], &[ours.score]);
    assert_eq!(theirs.answer, ours.answer, "{when}");
}

/// What results may differ by, in parts of the largest: some eight times what they do differ by.
#[track_caller]
fn assert_near(what: &str, theirs: &[f32], ours: &[f32]) {
    const TOLERANCE: f32 = 3e-5;
    assert_eq!(theirs.len(), ours.len(), "{what}");
    let largest = ours.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let most = theirs.iter().zip(ours).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
    assert!(most < TOLERANCE, "{what}: {most} of the largest: {theirs:?} instead of {ours:?}");
}

#[test]
fn in_the_browser_the_cpu_computes_with_vgg16_as_the_native_program_does() {
    let models = ["vgg16", "vgg16-autoencoder", "vgg16-corrector"];
    vgg16_computes_as_natively(Gpu::None, &models);
}

#[test]
fn in_the_browser_webgpu_computes_with_vgg16_as_the_native_program_does() {
    // A software adapter is slow, and the corrector's layers are the autoencoder's.
    vgg16_computes_as_natively(Gpu::Software, &["vgg16", "vgg16-autoencoder"]);
}
