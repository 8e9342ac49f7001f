//! The level "Inside", with the networks of `fake.js`: the bottleneck, the gradients, the decision map.

use crate::browser::{Gpu, Page};
use crate::faked::{Host, attack, choose_sample};

const SAYS: &str = "document.querySelector('#inside-says')?.textContent";
const MAP_SAYS: &str = "document.querySelector('#map-says')?.textContent";
const HERE: &str = "document.querySelector('#map-here').textContent";
const MAP_BUTTON: &str = "document.querySelector('#map-go').textContent";

/// Opens the level. Not with the mouse: parts of the page that come into sight on the way move it.
fn open_inside(page: &Page) {
    page.js("document.querySelector('#inside > summary').click()");
    page.js("document.querySelector('#inside').scrollIntoView()");
}

/// Whether a pixel of the first row is rather red than blue.
fn is_red(page: &Page, id: &str, column: usize) -> bool {
    let pixel = page.js(&format!(
        "[...document.querySelector('#{id}').getContext('2d').getImageData({column}, 0, 1, 1).data]"
    ));
    pixel[0].as_u64() > pixel[2].as_u64()
}

#[test]
fn the_bottleneck_and_two_gradients_follow_the_step_that_is_shown() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=3&run=1", host.url), &["done"]);
    let came = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/later/inside'))";
    assert_eq!(page.js(came), false); // no part of a first visit
    open_inside(&page);
    page.until(&format!("{SAYS} === 'Inside for step 3 of the attack.'"));
    assert_eq!(page.js("document.querySelectorAll('#channels canvas').length"), 8);
    // Of four values from 0 to 6, each channel has its own range.
    let heard = "document.querySelector('#channels canvas').getAttribute('aria-label')";
    assert_eq!(page.js(heard), "Channel 1 of 8, 0.0 to 3.0");
    let drawing =
        page.js("document.querySelector('#bottleneck-drawing').getAttribute('aria-label')");
    assert!(drawing.as_str().unwrap().contains("makes 32 numbers of 192"), "{drawing}");
    // Upwards and downwards in turn, away from the class.
    assert_eq!([0, 1].map(|column| is_red(&page, "loss-gradient", column)), [true, false]);
    assert!(page.text("#inside").contains("the loss for airplane grows"));
    let slope = || page.js("document.querySelector('#score-gradient').parentNode.textContent");
    let attacked = slope();
    assert!(attacked.as_str().unwrap().contains("by 0.047 nats"), "{attacked}");

    // Another step, by its own slider or the one above.
    page.choose("#inside-step", "0");
    page.until(&format!("{SAYS} === 'Inside for the original.'"));
    assert_eq!(page.text("#step-now"), "0 of 3");
    assert!(slope().as_str().unwrap().contains("by 0.012 nats"), "{}", slope());
    page.choose("#step", "3");
    page.until(&format!("{SAYS} === 'Inside for step 3 of the attack.'"));
    assert_eq!(slope(), attacked);

    // An attack towards a class goes down its loss.
    page.choose("#target", "ship");
    attack(&page);
    page.until("document.querySelector('#inside').textContent.includes('the loss for ship falls')");
    assert_eq!([0, 1].map(|column| is_red(&page, "loss-gradient", column)), [false, true]);

    // Other networks: a bottleneck of single numbers is a strip.
    page.choose("#autoencoder", "tutorial");
    page.until("document.querySelector('#channels.strip canvas')?.getAttribute('aria-label').startsWith('100 numbers')");
    assert_eq!(page.js("document.querySelectorAll('#channels canvas').length"), 1);
    page.finish(&["404", "willReadFrequently"]); // it is this test that reads the canvases
}

#[test]
fn the_decision_map_shows_where_the_attack_leads_for_the_classifier_and_after_the_autoencoder() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);
    open_inside(&page);
    page.until(&format!("{MAP_SAYS}?.includes('attack first')"));
    let seen = "document.querySelector('#maps').checkVisibility()";
    assert_eq!(page.js(seen), false);
    page.click("#map-go"); // attacks
    page.until_state(&["done"]);
    page.until(&format!("{MAP_BUTTON} === 'Draw the map'"));
    page.click("#map-go");
    page.until(&format!("{MAP_SAYS}.startsWith('Drawn, with 49 × 49')"));

    // Along the attack CL comes to the next class, and after AE it stays.
    let has = |map: &str, class: &str| {
        page.js(&format!("document.querySelector('#map-{map} [data-class={class}]') !== null"))
    };
    assert_eq!([has("first", "bird"), has("second", "bird")], [true, false]);
    assert!(page.text("#map-told").contains("does not survive the bottleneck"));
    assert_eq!(page.js("document.querySelectorAll('#map-first .map-step').length"), 3);
    for map in ["first", "second"] {
        let heard = format!("document.querySelector('#map-{map} svg').getAttribute('aria-label')");
        assert!(page.js(&heard).as_str().unwrap().contains("airplane"));
    }
    // Each class has a letter, in the map and in its legend.
    let letters = "[...document.querySelectorAll('#map-second .map-letter')].map((letter) => letter.textContent)";
    assert_eq!(page.js(&format!("{letters}.includes('A')")), true);
    assert!(page.text("#map-legend").contains("airplane"));

    // Points are read with the keyboard.
    page.js("document.querySelector('#maps').focus()");
    page.press("End");
    page.until(&format!("{HERE} === 'At the end of the attack: CL sees bird, after AE airplane.'"));
    page.press("Home");
    page.until(&format!("{HERE} === 'At the original: CL sees airplane, after AE airplane.'"));
    page.press("ArrowLeft");
    page.until(&format!("{HERE}.startsWith('Here (−')"));
    assert_eq!(page.text("#step-now"), "2 of 2"); // these keys are the map's

    // It can be given up, and ends with what it is of.
    // Both at once: it is soon done.
    page.js("[0, 1].forEach(() => document.querySelector('#map-go').click())");
    page.until(&format!("{MAP_SAYS}.startsWith('Cancelled')"));
    page.click("#map-go");
    choose_sample(&page, "ship-11");
    page.until_state(&["ready"]);
    page.until(&format!("{MAP_SAYS}.includes('attack first')"));
    assert_eq!(page.js(seen), false);
    attack(&page); // which does not wait for a map
    page.until(&format!("{MAP_BUTTON} === 'Draw the map'"));
    page.finish(&["404"]);
}
