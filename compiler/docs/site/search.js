// Search looks for words in what index.js lists: [name, page, what it is].
"use strict";
(() => {
	const input = document.getElementById("search"), found = document.getElementById("found");
	const root = document.documentElement.dataset.root;
	const rank = (entry, words) => {
		const name = entry[0].toLowerCase(), all = name + " " + entry[2].toLowerCase();
		let sum = 0;
		for (const w of words) {
			if (!all.includes(w)) return 0;
			const at = name.indexOf(w);
			sum += name === w ? 9 : name.endsWith("." + w) || name.endsWith("#" + w) ? 8 : at === 0 ? 6 : at > 0 ? 4 : 1;
		}
		return sum;
	};
	const show = () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		found.replaceChildren();
		if (!words.length) return;
		const hits = window.kcgenIndex.map(e => [rank(e, words), e]).filter(h => h[0] > 0)
			.sort((a, b) => b[0] - a[0] || a[1][0].length - b[1][0].length).slice(0, 20);
		for (const [, [name, page, what]] of hits) {
			const item = document.createElement("li"), link = document.createElement("a"), small = document.createElement("small");
			link.href = root + page;
			link.textContent = name;
			small.textContent = what;
			link.append(small);
			item.append(link);
			found.append(item);
		}
		if (!hits.length) found.append(Object.assign(document.createElement("li"), { textContent: "nothing" }));
	};
	input.addEventListener("input", show);
	document.addEventListener("keydown", e => {
		if (e.key === "/" && document.activeElement !== input) { e.preventDefault(); input.focus(); }
	});
	show();
})();
