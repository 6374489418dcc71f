// Replaces core-js: see jest.config.js.
module.exports = {};
