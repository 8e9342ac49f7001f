// @ts-check
// The part's elements, as index.html has those of the page.

export const MARKUP = `
<p class="hint">The attack that is set above runs on many pictures, by workers of its own: the page can be used meanwhile. All steps are made, also where a single picture stops when it works. Nothing leaves this machine.</p>
<form id="many-form" class="many-form">
  <fieldset>
    <legend>Pictures</legend>
    <p><input type="radio" name="many-source" id="many-samples" value="samples"> <label for="many-samples" id="many-samples-name"></label></p>
    <p><input type="radio" name="many-source" id="many-drawn" value="drawn"> <label for="many-drawn">pictures drawn on the spot, as many as you like</label></p>
    <p class="many-which"><span><label for="many-label">Class</label> <select id="many-label"></select></span> <span><label for="many-seed">Seed</label> <input type="text" id="many-seed" inputmode="numeric" autocomplete="off" required></span></p>
    <p id="many-offer" hidden><input type="radio" name="many-source" id="many-computer" value="computer"> <label for="many-computer">STL-10 of this computer</label></p>
    <p id="many-offers" class="many-which" hidden><label for="many-file">File</label> <select id="many-file"></select></p>
    <p><input type="radio" name="many-source" id="many-own" value="own"> <label for="many-own" id="many-own-name"></label></p>
    <p class="buttons">
      <input type="file" id="many-files" class="unseen" multiple accept="image/*,.bin">
      <label class="button" for="many-files">Choose pictures, or an STL-10 file …</label>
      <input type="file" id="many-folder" class="unseen" webkitdirectory>
      <label class="button" for="many-folder" id="many-folder-button">Choose a folder …</label>
    </p>
    <p class="fine">What a picture shows is known if its name or its folder’s begins with one of the ten classes: <code>cat-1.jpg</code>, <code>cats/1.jpg</code>. Of STL-10, choose <code>train_X.bin</code> and with it <code>train_y.bin</code>, which has the labels; on those of <code>test_X.bin</code> the networks of this page were trained.</p>
  </fieldset>
  <div class="many-how">
    <p><label for="many-wanted">How many at most</label> <input type="text" id="many-wanted" inputmode="numeric" autocomplete="off" required></p>
    <p><label for="many-order">Which ones</label> <select id="many-order"></select></p>
    <p id="many-sweep" class="many-check"><input type="checkbox" id="many-sweeps"> <label for="many-sweeps" id="many-sweep-name"></label></p>
    <p class="fine" id="many-attack"></p>
    <p class="buttons"><button type="submit" id="many-go" class="primary">Start</button> <button type="button" id="many-cancel">Cancel</button></p>
  </div>
</form>
<p id="many-problem" class="stale" role="alert" hidden></p>
<div id="many-progress" class="many-progress" hidden>
  <progress id="many-bar" aria-label="Pictures that are done"></progress>
  <p id="many-now"></p>
</div>
<p id="many-status" class="unseen" role="status"></p>
<div id="many-results" class="many-results" hidden>
  <p id="many-setting"></p>
  <p id="many-labels" class="fine" hidden></p>
  <div class="many-scroll" tabindex="0" role="region" aria-labelledby="many-figures-name">
    <table id="many-figures" class="many-figures">
      <caption id="many-figures-name"></caption>
      <thead><tr><th scope="col">figure</th><th scope="col">counted</th><th scope="col">share</th><th scope="col">95&nbsp;% interval</th></tr></thead>
      <tbody></tbody>
    </table>
  </div>
  <div class="many-charts">
    <figure id="many-roc" class="roc"><figcaption>ROC curve over all thresholds: from left to right more false alarms, upwards more of the attacked pictures called adversarial. Area (AUC) <output id="many-auc">–</output>. <span class="many-for"></span></figcaption><svg></svg></figure>
    <figure id="many-eps" hidden><figcaption>How often it is right, by eps: <span class="many-key-classifier">the classifier</span>, <span class="many-key-answer">the whole defence</span>; lines up and down are 95&nbsp;% intervals. <span class="many-for"></span> <span id="many-reach"></span></figcaption><svg></svg></figure>
    <div class="many-matrix">
      <p class="field"><label for="many-which">What was named, by</label> <select id="many-which"></select></p>
      <div class="many-scroll" tabindex="0" role="region" aria-labelledby="many-matrix-name">
        <table id="many-matrix"><caption id="many-matrix-name"></caption><thead></thead><tbody></tbody></table>
      </div>
    </div>
  </div>
  <section aria-labelledby="many-failed-title">
    <h3 id="many-failed-title">Where it failed</h3>
    <p id="many-failed-hint" class="fine">Below each: what was named before the attack, after it, and as the answer of the defence. Press one: it is opened above, and can be attacked there.</p>
    <div id="many-failed"></div>
  </section>
  <details id="many-skipped" hidden><summary></summary><ul class="fine"></ul></details>
  <p class="buttons">
    <button type="button" id="many-csv">Table, a row for each picture (CSV)</button>
    <button type="button" id="many-json">All of it (JSON)</button>
    <button type="button" id="many-png">Charts (PNG)</button>
  </p>
  <p id="many-saved" class="fine" role="status"></p>
</div>`;
