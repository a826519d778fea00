// Where this server answers: the pages say under which prefix they are mounted.
export const here = (path) => (document.documentElement.dataset.root || "") + path;
