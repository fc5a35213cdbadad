"""Documents as PDF: facts in, bytes out. Templates of Typst lie beside the modules, one a document."""
