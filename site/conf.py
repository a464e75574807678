"""Sphinx's settings for the site; `python -m tools.site` runs it on pages that it has written."""

from course_lib.syllabus import load_syllabus

project = load_syllabus().title
author = "the authors of the course"
copyright = "the authors of the course; text CC BY 4.0, code MIT"
html_title = project
language = "en"
html_context = {"default_mode": "auto"}

extensions = ["myst_nb", "tools.site.book"]
exclude_patterns = ["_static"]
nb_execution_mode = "off"  # the notebooks come with their outputs
nb_ipywidgets_js = {}  # nothing from another host
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "sphinx_book_theme"
html_favicon = "static/icon.svg"
html_css_files = ["course.css", "site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "show_prev_next": False,  # a lesson says itself what comes next; the theme's order is the contents', 15 after 5
    "navigation_with_keys": False,
    "navbar_persistent": [],  # the side bar has a search already
    "search_bar_text": "Search the course",
}
pygments_style = "a11y-high-contrast-light"
