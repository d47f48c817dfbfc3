#pragma once

#include <string_view>

/// The parts of the report's page that are the same for every run.
namespace holdfast::reporting {

inline constexpr std::string_view page_style = R"(
:root{color-scheme:light dark;--ground:#fff;--text:#1c2126;--faint:#5c6670;--line:#d9dee3;--panel:#f4f6f8;
--good:#1f7a4d;--bad:#b3261e;--late:#8a5a00;--up:#5aa77f;--frozen:#4a78b8;--link:#3d8f99;--harm:#c46a00;--mark:#1c2126}
@media (prefers-color-scheme:dark){:root{--ground:#15181b;--text:#e4e7ea;--faint:#9aa4ad;--line:#343a40;--panel:#1f2428;
--good:#5fc391;--bad:#ff8a80;--late:#f0bd5f;--up:#3f8a63;--frozen:#6f9fe0;--link:#5fb5bf;--harm:#f0a04b;--mark:#e4e7ea}}
@media print{:root{--ground:#fff;--text:#000;--faint:#444;--line:#bbb;--panel:#fff;--good:#1f7a4d;--bad:#b3261e;
--late:#8a5a00;--up:#5aa77f;--frozen:#4a78b8;--link:#3d8f99;--harm:#c46a00;--mark:#000}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}.filter{display:none}tr{break-inside:avoid}
svg.timeline{break-inside:avoid}}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.45 system-ui,sans-serif}
main{max-width:1160px;margin:0 auto;padding:20px}
h1{font-size:22px;margin:0 0 12px}h2{font-size:17px;margin:28px 0 8px}
h1,li,td,code,dd{overflow-wrap:anywhere}
.verdict{display:flex;gap:16px;align-items:baseline;padding:12px 16px;border:1px solid;border-left-width:8px}
.verdict strong{font-size:24px}.verdict span{color:var(--text)}
.good{color:var(--good)}.bad{color:var(--bad)}.late{color:var(--late)}
.facts{display:flex;flex-wrap:wrap;gap:4px 28px;margin:12px 0}.facts dt{color:var(--faint);font-size:13px}
.facts dd{margin:0;font-variant-numeric:tabular-nums;font-weight:600}
code,pre,td:first-child,.findings{font-family:ui-monospace,monospace;font-size:13px}
code{background:var(--panel);padding:2px 6px}
.note{color:var(--faint);margin:6px 0}
.timeline{width:100%;height:auto;font:12px system-ui,sans-serif}
.timeline text{fill:var(--text)}.timeline .group{font-weight:600;fill:var(--faint)}
.timeline .label{text-anchor:end}.timeline .tick{text-anchor:middle;fill:var(--faint);font-size:11px}
.grid,.rail{stroke:var(--line);fill:none}.rail{stroke-dasharray:1 4}
rect.up{fill:var(--up)}rect.frozen{fill:url(#hatch)}rect.down{fill:var(--bad)}rect.both{fill:var(--link)}
rect.half{fill:var(--link);opacity:.7}rect.over{fill:var(--faint)}
rect.cut{fill:var(--bad);fill-opacity:.25;stroke:var(--bad)}
rect.one-way{fill:var(--bad);fill-opacity:.08;stroke:var(--bad);stroke-dasharray:3 2}
.hatch-ground{fill:var(--frozen);opacity:.25}.hatch-line{fill:var(--frozen)}
.mark{stroke:var(--mark);stroke-width:2;fill:none}.mark.start{fill:var(--good);stroke:var(--ground);stroke-width:1}
.mark.death,.mark.cut{stroke:var(--bad);stroke-width:3}.mark.freeze{stroke:var(--frozen)}
.mark.thaw{stroke:var(--frozen);fill:var(--ground)}.mark.harm{fill:var(--harm);stroke:var(--ground);stroke-width:1}
.mark.stop{fill:var(--faint);stroke:var(--ground);stroke-width:1}.mark.heal{stroke:var(--good)}
.mark.trouble{fill:var(--late);stroke:var(--ground);stroke-width:1}.mark.work{fill:var(--mark);stroke:none}
.mark.link{stroke:var(--link)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--faint);font-size:13px;margin:6px 0}
.legend svg{width:14px;height:14px;vertical-align:-2px;margin-right:5px;overflow:visible}
.filter{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin:8px 0}
.filter input[type=search]{min-width:280px;padding:6px 8px;font:inherit;color:inherit;background:var(--panel);
border:1px solid var(--line)}
table{border-collapse:collapse;width:100%}th{text-align:left;color:var(--faint);font-weight:600}
.options{width:auto}.options th{padding-right:24px}
td,th{padding:3px 10px 3px 0;border-bottom:1px solid var(--line);vertical-align:top}
.events td:first-child{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.events th:first-child{text-align:right}.events td:nth-child(2),.events td:nth-child(3){white-space:nowrap}
tr.fault td{font-weight:600}tr.trouble td{color:var(--late)}tr.line td{color:var(--faint)}
tr:target td{background:var(--panel);outline:1px solid var(--harm)}
.chart{overflow-x:auto;line-height:1.25;background:var(--panel);padding:12px}
)";

inline constexpr std::string_view page_legend = R"(<p class="legend">
<span><svg viewBox="0 0 14 14"><rect class="up" y="1" width="14" height="12"/></svg>up</span>
<span><svg viewBox="0 0 14 14"><rect class="frozen" y="1" width="14" height="12"/></svg>frozen</span>
<span><svg viewBox="0 0 14 14"><rect class="down" y="6" width="14" height="2"/></svg>down</span>
<span><svg viewBox="0 0 14 14"><use href="#m-start" class="mark start" x="1" y="1" width="12" height="12"/></svg>start</span>
<span><svg viewBox="0 0 14 14"><use href="#m-stop" class="mark stop" x="1" y="1" width="12" height="12"/></svg>stop</span>
<span><svg viewBox="0 0 14 14"><use href="#m-death" class="mark death" x="1" y="1" width="12" height="12"/></svg>crash</span>
<span><svg viewBox="0 0 14 14"><use href="#m-freeze" class="mark freeze" x="1" y="1" width="12" height="12"/></svg>freeze</span>
<span><svg viewBox="0 0 14 14"><use href="#m-thaw" class="mark thaw" x="1" y="1" width="12" height="12"/></svg>thaw</span>
<span><svg viewBox="0 0 14 14"><use href="#m-harm" class="mark harm" x="1" y="1" width="12" height="12"/></svg>other fault</span>
<span><svg viewBox="0 0 14 14"><use href="#m-trouble" class="mark trouble" x="1" y="1" width="12" height="12"/></svg>warning or error</span>
<span><svg viewBox="0 0 14 14"><use href="#m-work" class="mark work" x="1" y="1" width="12" height="12"/></svg>call or item</span>
<span><svg viewBox="0 0 14 14"><rect class="both" y="4" width="14" height="6"/></svg>link up at both ends</span>
<span><svg viewBox="0 0 14 14"><rect class="half" y="6" width="14" height="2"/></svg>at one end</span>
<span><svg viewBox="0 0 14 14"><rect class="cut" y="2" width="14" height="10"/></svg>cut</span>
<span><svg viewBox="0 0 14 14"><rect class="one-way" y="2" width="14" height="10"/></svg>cut in one direction</span>
<span><svg viewBox="0 0 14 14"><use href="#m-heal" class="mark heal" x="1" y="1" width="12" height="12"/></svg>heal</span>
</p>
)";

inline constexpr std::string_view page_filter = R"(<div class="filter" id="filter">
<input type="search" id="words" placeholder="words that a line must hold" aria-label="filter">
<label><input type="checkbox" checked value="fault"> faults</label>
<label><input type="checkbox" checked value="link"> links</label>
<label><input type="checkbox" checked value="work"> calls and items</label>
<label><input type="checkbox" checked value="trouble"> warnings and errors</label>
<label><input type="checkbox" checked value="line"> other lines</label>
<span id="count"></span>
</div>
)";

/// Without it the page shows every row.
inline constexpr std::string_view page_script = R"(
(function () {
  var filter = document.getElementById("filter"), words = document.getElementById("words");
  var rows = Array.from(document.querySelectorAll("#events tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function show() {
    var wanted = words.value.toLowerCase().split(" "), shown = 0;
    var kinds = Array.from(filter.querySelectorAll("[type=checkbox]:checked")).map(function (box) { return box.value; });
    rows.forEach(function (row, i) {
      var fits = kinds.includes(row.className) && wanted.every(function (word) { return texts[i].includes(word); });
      row.hidden = !fits;
      shown += fits;
    });
    document.getElementById("count").textContent = shown + " of " + rows.length;
  }
  filter.addEventListener("input", show);
  window.addEventListener("hashchange", function () {
    var row = document.getElementById(location.hash.slice(1));
    if (row) row.hidden = false;
  });
  show();
})();
)";

}  // namespace holdfast::reporting
