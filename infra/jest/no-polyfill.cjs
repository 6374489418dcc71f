// Stands in for core-js: see jest.config.js.
module.exports = {};
