//! What the canvases show and what the page answers, against the native pictures and verdicts: a picture in another's
//! place, colours or axes exchanged, and an answer taken from the wrong prediction are seen here.

use burn::tensor::Tensor;
use pollster::block_on;
use second_look::attack::Pgd;
use second_look::class::Class;
use second_look::detector::Verdict;
use second_look::picture::{Picture, SIDE};

use crate::browser::{Gpu, Page, Server};
use crate::{defence, file, first_sample};

/// A picture as 8-bit values: planes R, G, B, row by row.
type Bytes = Vec<u8>;

/// What the defence makes of a picture.
struct Native {
    picture: Bytes,
    reconstruction: Bytes,
    correction: Bytes,
    verdict: Verdict,
}

fn bytes(values: &[f32]) -> Bytes {
    values.iter().map(|value| (value * 255.0).round() as u8).collect() // below 0 is 0, above 255 is 255
}

fn native(picture: &Picture) -> Native {
    let found = block_on(defence().detect(picture.to_tensor(defence().device()))).unwrap();
    let image = |images: Tensor<4>| bytes(&images.into_data().try_to_vec::<f32>().unwrap());
    Native {
        picture: bytes(picture.values()),
        reconstruction: image(found.reconstructions),
        correction: image(found.corrections.unwrap()),
        verdict: found.verdicts[0],
    }
}

fn original() -> Picture {
    let path = file("www/samples").join(format!("{}.png", first_sample()));
    Picture::decode(&std::fs::read(path).unwrap()).unwrap()
}

/// The first sample after an attack.
fn attacked(pgd: Pgd) -> Picture {
    let original = original();
    let class = native(&original).verdict.answer_if_clean;
    let mut run = defence().attack(&original, class, pgd.into()).unwrap();
    let mut last = original;
    while let Some(step) = block_on(run.step()).unwrap() {
        last = step.picture;
    }
    last
}

/// What a canvas shows.
fn canvas(page: &Page, id: &str) -> Bytes {
    let pixels = page.js(&format!(
        "(canvas => [canvas.width, canvas.height, ...canvas.getContext('2d').getImageData(0, 0, canvas.width, \
         canvas.height).data])(document.querySelector('#{id}'))"
    ));
    let values: Vec<usize> = serde_json::from_value(pixels).unwrap();
    assert_eq!(values[..2], [SIDE, SIDE], "{id}");
    let pixels = &values[2..];
    assert!(pixels.iter().skip(3).step_by(4).all(|alpha| *alpha == 255), "{id} is opaque");
    (0..3).flat_map(|plane| pixels.iter().skip(plane).step_by(4).map(|v| *v as u8)).collect()
}

/// The share of values that are further apart than rounding and a gradient's uncertain sign bring them.
fn apart(a: &[u8], b: &[u8], levels: u8) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > levels).count() as f64 / a.len() as f64
}

#[track_caller]
fn assert_shown(what: &str, shown: &[u8], expected: &[u8]) {
    let share = apart(shown, expected, 1);
    assert!(share < 0.01, "{what}: {share} of the values differ");
}

/// What a mistake in drawing would show instead.
fn red_and_blue_exchanged(picture: &[u8]) -> Bytes {
    picture.chunks(SIDE * SIDE).rev().flatten().copied().collect()
}

fn rows_and_columns_exchanged(picture: &[u8]) -> Bytes {
    let at = |i: usize| {
        let (plane, y, x) = (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE);
        picture[(plane * SIDE + x) * SIDE + y]
    };
    (0..picture.len()).map(at).collect()
}

#[track_caller]
fn assert_canvases(page: &Page, original: &Native, now: &Native) {
    let expected = [
        ("original", &original.picture),
        ("attacked", &now.picture),
        ("reconstruction", &now.reconstruction),
        ("corrector", &now.correction),
        // The large one is of the prediction that answers.
        ("second", if now.verdict.adversarial { &now.correction } else { &now.reconstruction }),
    ];
    for (id, picture) in expected {
        assert_shown(id, &canvas(page, id), picture);
        // The comparison can tell them apart.
        assert!(apart(picture, &red_and_blue_exchanged(picture), 1) > 0.1, "{id}");
        assert!(apart(picture, &rows_and_columns_exchanged(picture), 1) > 0.1, "{id}");
    }
    assert!(apart(&now.reconstruction, &now.correction, 1) > 0.1);
    assert!(apart(&now.reconstruction, &now.picture, 1) > 0.1);
}

#[test]
fn canvases_show_the_pictures_that_they_are_named_for() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&format!("{}?eps_step=0.01&max_iter=3", server.url), &["ready"]);
    let original = native(&original());
    assert_canvases(&page, &original, &original);
    assert!(canvas(&page, "noise").iter().all(|value| *value == 128), "nothing is changed yet");

    page.click("#go");
    page.until_state(&["done"]);
    page.until("document.querySelector('#step-now').textContent === '3 of 3'");
    let pgd = Pgd { eps_step: 0.01, max_iter: 3, ..Pgd::default() };
    let picture = attacked(pgd);
    let now = native(&picture);
    assert!(apart(&original.picture, &now.picture, 1) > 0.1);
    assert_canvases(&page, &original, &now);
    // The noise: the change, amplified until its largest value is white or black.
    let change: Vec<f32> =
        picture.values().iter().zip(self::original().values()).map(|(a, b)| a - b).collect();
    let most = change.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    let noise: Vec<f32> = change.iter().map(|v| 0.5 + 0.5 * v / most).collect();
    assert_shown("noise", &canvas(&page, "noise"), &bytes(&noise));
    page.finish(&["willReadFrequently"]); // advice to whoever reads canvases often
}

#[test]
fn the_answer_is_the_prediction_s_that_the_threshold_chooses() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    let before = native(&original()).verdict.answer_if_clean;
    // Attacks after which the prediction that is to answer and the second one name different classes.
    for (eps_step, max_iter, threshold) in [(0.01, 3, 0.0), (0.003, 4, 100.0)] {
        let pgd = Pgd { eps_step, max_iter, ..Pgd::default() };
        let verdict = native(&attacked(pgd)).verdict;
        let adversarial = threshold == 0.0;
        let [first, second, corrected] = [
            verdict.prediction,
            verdict.reconstruction_prediction,
            verdict.corrected_prediction.unwrap(),
        ]
        .map(|prediction| Class::most_likely(&prediction));
        let answer = if adversarial { corrected } else { first };
        assert_ne!(answer, second);
        assert_ne!(first, corrected);
        assert_eq!((verdict.answer_if_clean, verdict.answer_if_adversarial), (first, corrected));

        page.open(
            &format!(
                "{}?eps_step={eps_step}&max_iter={max_iter}&threshold={threshold}&run=1",
                server.url
            ),
            &["done"],
        );
        let (headline, detail) = (page.text("#headline"), page.text("#detail"));
        assert!(headline.starts_with(&format!("Fooled: {before} → {first}.")), "{headline}");
        let (top, title) =
            (page.text("#bars-second .bar-top .bar-name"), page.text("#second-title"));
        if adversarial {
            assert!(headline.ends_with(&format!("Noticed. Corrected: {corrected}.")), "{headline}");
            assert_eq!((top, title.starts_with("Corrected")), (corrected.to_string(), true));
        } else {
            assert!(headline.ends_with("Not noticed."), "{headline}");
            assert!(detail.contains(&format!("the answer stays {first}.")), "{detail}");
            assert_eq!((top, title.starts_with("Second")), (second.to_string(), true));
        }
        let words = ["original", "attacked", "second"].map(|id| page.text(&format!("#word-{id}")));
        let third = if adversarial { corrected } else { second };
        assert_eq!(words, [before, first, third].map(|class| class.to_string()));
        let run = page.run(&format!("second-look-{}.json", first_sample()));
        let saved: Verdict = serde_json::from_value(run["verdict"].clone()).unwrap();
        assert_eq!((saved.answer, saved.adversarial), (answer, adversarial));
        // The next one is saved under the same name.
        page.forget(&format!("second-look-{}.json", first_sample()));
    }
    page.finish(&[]);
}
